"""grafana/kustomization.yaml: the files that compose mounts, as ConfigMaps for Kubernetes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_HEAD: Final = """\
# Written by `python -m grafana.build`. The files that docker-compose.yml mounts, for Grafana's Helm chart:
#   kubectl apply --server-side --namespace monitoring --kustomize grafana
# Its sidecar finds dashboards and data sources by these labels, and the folder by the annotation
# (sidecar.dashboards.folderAnnotation). Grafana needs BTC_HEALTH_PROMETHEUS_URL and BTC_HEALTH_ALERTMANAGER_URL.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization

generatorOptions:
  # Dashboards link to one another by their uid, and the sidecar reads again what changes: names may stay.
  disableNameSuffixHash: true
  labels: {app.kubernetes.io/part-of: btc-health}

configMapGenerator:
  - name: btchealth-datasources
    files: [provisioning/datasources/btc-health.yml]
    options:
      labels: {grafana_datasource: "1"}
"""
_DASHBOARD: Final = """\
  - name: {uid}
    files: [dashboards/{uid}.json]
    options:
      labels: {{grafana_dashboard: "1"}}
      annotations: {{grafana_folder: Bitcoin Health}}
"""


def page(uids: Iterable[str]) -> str:
    return _HEAD + "".join(_DASHBOARD.format(uid=uid) for uid in uids)
