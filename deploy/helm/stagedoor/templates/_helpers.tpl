{{- define "stagedoor.name" -}}
{{- $name := .Release.Name }}
{{- if not (contains .Chart.Name $name) }}{{ $name = printf "%s-%s" $name .Chart.Name }}{{ end }}
{{- $name | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "stagedoor.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "stagedoor.labels" -}}
{{ include "stagedoor.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "stagedoor.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "stagedoor.name" .) }}{{ else }}{{ required "serviceAccount.name: name the account, or let the chart create one" .Values.serviceAccount.name }}{{ end }}
{{- end }}

{{- define "stagedoor.observeOnly" -}}
{{- if kindIs "bool" .Values.observeOnly }}{{ .Values.observeOnly }}
{{- else if .Release.IsUpgrade }}{{ fail "observeOnly: say whether the release goes on acting (`observeOnly: false`) or only looks on (`observeOnly: true`)" }}
{{- else }}true
{{- end }}
{{- end }}

{{- define "stagedoor.map" -}}
{{ .Values.existingMap | default (printf "%s-map" (include "stagedoor.name" .)) }}
{{- end }}

{{- define "stagedoor.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest }}{{ printf "%s@%s" $image.repository $image.digest }}{{ else }}{{ printf "%s:%s" $image.repository ($image.tag | default .Chart.AppVersion) }}{{ end }}
{{- end }}
