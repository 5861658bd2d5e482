{{- define "btc-health.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "btc-health.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "btc-health.labels" -}}
{{ include "btc-health.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: btc-health
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- /* The text of a file with the links of this installation: those of the compose bundle stand in it. */ -}}
{{- define "btc-health.linked" -}}
{{- $text := .text }}
{{- with .links.grafana }}{{ $text = replace "http://localhost:3000" . $text }}{{ end }}
{{- with .links.runbooks }}
{{- $text = regexReplaceAll "http://localhost:9090/consoles/([^\"\\s]+?)\\.html" $text (replace "{name}" "${1}" .) }}
{{- end }}
{{- $text }}
{{- end }}
