"""Bodies about how the exporter fares: `/api/v2/sources` and `/health`."""

from __future__ import annotations

from typing import Annotated

from exporter.web.api.models import AsOf, Body, Health, Ratio, says

SINCE_START = "since the process began"


class LastError(Body):
    reason: Annotated[str, says("One of the label values of `btchealth_fetch_failures_total`.")]
    message: Annotated[str, says("What happened, for a person.")]
    at: Annotated[float, says("When it happened, Unix seconds.")]


class Endpoint(Body):
    up: Annotated[bool, says("Whether a call succeeded within three intervals.")]
    interval: Annotated[float, says("Between two calls, seconds.")]
    max_age: Annotated[float, says("Age at which its data are no longer fresh, seconds.")]
    last_success: Annotated[float | None, says("When a call succeeded last, Unix seconds.")]
    data_time: Annotated[float | None, says("Time that its newest data are of, Unix seconds.")]
    last_change: Annotated[float | None, says("When its data changed last, Unix seconds.")]
    next_poll: Annotated[float | None, says("When it will be called next, Unix seconds.")]
    host: Annotated[str | None, says("Where the data on show are from.")]
    position: Annotated[int | None, says("Number of the base URL in use; 0 is the preferred one.", ge=0)]
    fetches: Annotated[int, says(f"Number of own calls {SINCE_START}.")]
    failures: Annotated[dict[str, int], says(f"Number of failed calls {SINCE_START}, by reason.")]
    rejected: Annotated[dict[str, int], says(f"Number of refused values {SINCE_START}, by field.")]
    unknown_fields: Annotated[int, says(f"Number of fields nobody knows {SINCE_START}.")]
    last_error: Annotated[LastError | None, says("Null while there was none.")]


class Source(Body):
    status: Annotated[Health, says("`healthy`: every endpoint is up; `unhealthy`: none is.")]
    up: Annotated[bool, says("Whether any endpoint is up.")]
    data_quality: Annotated[Ratio, says("`btchealth_source_data_quality_ratio`, from 0 to 1.")]
    clock_skew: Annotated[float | None, says("Our clock minus the server's, seconds.")]
    breaker_open: Annotated[bool, says("Whether calls are put off because they kept failing.")]
    remaining_requests: Annotated[int, says("Number of calls that the budget allows now.")]
    refused_base_urls: Annotated[dict[str, str], says("Base URLs of another network, with what showed it.")]
    endpoints: Annotated[dict[str, Endpoint], says("By name.")]


class Sources(Body):
    as_of: AsOf
    sources: Annotated[dict[str, Source], says("By name; those that are switched off are left out.")]


class HealthReport(Body):
    status: Annotated[Health, says("`unhealthy`: no value is known, nothing can be served.")]
    version: Annotated[str, says("Of the exporter.")]
    database: Annotated[Health, says("Of the SQLite file.")]
    cache: Annotated[Health, says("Of the cache that replicas share; `healthy` where none is configured.")]
    collectors: Annotated[dict[str, Health], says("By source.")]
