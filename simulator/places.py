"""Countries and network operators in which nodes live, with the share of nodes and of Lightning capacity in each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    iso: str
    english: str
    german: str
    city: str
    timezone: str
    latitude: float
    longitude: float
    nodes: float
    capacity: float

    @property
    def name(self) -> dict[str, str]:
        return {"de": self.german, "en": self.english}


@dataclass(frozen=True, slots=True)
class Operator:
    """A network operator; `lightning_number` may list several autonomous systems."""

    number: str
    name: str
    country: str
    nodes: float
    lightning_number: str
    capacity: float


COUNTRIES = (
    Country("US", "United States", "Vereinigte Staaten", "Ashburn", "America/New_York", 39.0438, -77.4874, 31.0, 62.0),
    Country("DE", "Germany", "Deutschland", "Nuremberg", "Europe/Berlin", 49.4521, 11.0767, 17.0, 10.5),
    Country("FR", "France", "Frankreich", "Roubaix", "Europe/Paris", 50.6942, 3.1746, 7.6, 2.6),
    Country("CA", "Canada", "Kanada", "Montreal", "America/Toronto", 45.5088, -73.5878, 6.1, 4.4),
    Country("NL", "Netherlands", "Niederlande", "Amsterdam", "Europe/Amsterdam", 52.3740, 4.8897, 5.4, 3.6),
    Country("GB", "United Kingdom", "Vereinigtes Königreich", "London", "Europe/London", 51.5085, -0.1257, 4.6, 1.9),
    Country("CH", "Switzerland", "Schweiz", "Zurich", "Europe/Zurich", 47.3667, 8.5500, 3.4, 7.1),
    Country("FI", "Finland", "Finnland", "Helsinki", "Europe/Helsinki", 60.1695, 24.9354, 3.0, 0.9),
    Country("CN", "China", "China", "Shanghai", "Asia/Shanghai", 31.2222, 121.4581, 2.7, 0.1),
    Country("SG", "Singapore", "Singapur", "Singapore", "Asia/Singapore", 1.2897, 103.8501, 2.4, 2.2),
    Country("JP", "Japan", "Japan", "Tokyo", "Asia/Tokyo", 35.6895, 139.6917, 2.2, 1.2),
    Country("AU", "Australia", "Australien", "Sydney", "Australia/Sydney", -33.8679, 151.2073, 2.1, 0.7),
    Country("BR", "Brazil", "Brasilien", "Sao Paulo", "America/Sao_Paulo", -23.5475, -46.6361, 1.8, 0.3),
    Country("RU", "Russia", "Russland", "Moscow", "Europe/Moscow", 55.7522, 37.6156, 1.7, 0.2),
    Country("SE", "Sweden", "Schweden", "Stockholm", "Europe/Stockholm", 59.3326, 18.0649, 1.6, 0.4),
    Country("IT", "Italy", "Italien", "Milan", "Europe/Rome", 45.4643, 9.1895, 1.5, 0.3),
    Country("ES", "Spain", "Spanien", "Madrid", "Europe/Madrid", 40.4165, -3.7026, 1.4, 0.2),
    Country("AT", "Austria", "Österreich", "Vienna", "Europe/Vienna", 48.2085, 16.3721, 1.2, 0.3),
    Country("CZ", "Czechia", "Tschechien", "Prague", "Europe/Prague", 50.0880, 14.4208, 1.1, 0.4),
    Country("PL", "Poland", "Polen", "Warsaw", "Europe/Warsaw", 52.2298, 21.0118, 0.9, 0.2),
    Country("TH", "Thailand", "Thailand", "Bangkok", "Asia/Bangkok", 13.7540, 100.5014, 0.7, 0.4),
    Country("LT", "Lithuania", "Litauen", "Vilnius", "Europe/Vilnius", 54.6892, 25.2798, 0.6, 0.1),
)

OPERATORS = (
    Operator("AS24940", "Hetzner Online GmbH", "DE", 14.5, "24940", 6.0),
    Operator("AS63949", "Akamai Connected Cloud", "US", 12.0, "63949", 1.5),
    Operator("AS396982", "GOOGLE-CLOUD-PLATFORM", "US", 6.4, "396982,15169", 21.0),
    Operator("AS16276", "OVH SAS", "FR", 6.1, "16276", 2.5),
    Operator("AS7922", "COMCAST-7922", "US", 5.4, "7922", 0.5),
    Operator("AS16509", "AMAZON-02", "US", 4.8, "14618,16509", 38.0),
    Operator("AS14061", "DIGITALOCEAN-ASN", "US", 4.2, "14061", 8.0),
    Operator("AS7018", "ATT-INTERNET4", "US", 3.6, "7018", 0.4),
    Operator("AS51167", "Contabo GmbH", "DE", 3.2, "51167", 0.9),
    Operator("AS3320", "Deutsche Telekom AG", "DE", 3.0, "3320", 0.6),
    Operator("AS701", "UUNET", "US", 2.4, "701", 0.6),
    Operator("AS12322", "Free SAS", "FR", 2.1, "12322", 0.2),
    Operator("AS577", "BACOM", "CA", 1.9, "577", 0.3),
    Operator("AS3303", "Swisscom AG", "CH", 1.8, "3303", 1.1),
    Operator("AS60781", "LeaseWeb Netherlands B.V.", "NL", 1.7, "60781", 3.0),
    Operator("AS9009", "M247 Europe SRL", "GB", 1.5, "9009", 0.5),
    Operator("AS4134", "Chinanet", "CN", 1.5, "4134", 0.1),
    Operator("AS45102", "Alibaba US Technology", "SG", 1.4, "45102", 1.2),
    Operator("AS1221", "Telstra Limited", "AU", 1.3, "1221", 0.2),
    Operator("AS16086", "DNA Oyj", "FI", 1.2, "16086", 0.2),
    Operator("AS28573", "Claro NXT Telecomunicacoes", "BR", 1.1, "28573", 0.1),
    Operator("AS2516", "KDDI CORPORATION", "JP", 1.0, "2516", 0.3),
    Operator("AS3301", "Telia Company AB", "SE", 1.0, "3301", 0.2),
    Operator("AS13335", "CLOUDFLARENET", "US", 0.8, "13335", 2.4),
    Operator("AS49505", "JSC Selectel", "RU", 0.8, "49505", 0.1),
    Operator("AS8447", "A1 Telekom Austria AG", "AT", 0.7, "8447", 0.1),
)

COUNTRY_BY_ISO = {country.iso: country for country in COUNTRIES}
