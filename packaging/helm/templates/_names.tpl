{{- define "routewarden.labels" -}}
app.kubernetes.io/name: routewarden
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
{{- define "routewarden.secret" -}}
{{ .Values.existingSecret | default (printf "%s-keys" .Release.Name) }}
{{- end -}}
{{- define "routewarden.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- define "routewarden.environment" -}}
- name: DASHBOARD_TOKEN
  valueFrom: { secretKeyRef: { name: {{ include "routewarden.secret" . }}, key: dashboard-token } }
- name: DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ include "routewarden.secret" . }}, key: database-url, optional: true } }
- name: REDIS_URL
  valueFrom: { secretKeyRef: { name: {{ include "routewarden.secret" . }}, key: redis-url, optional: true } }
{{- end -}}
{{- define "routewarden.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}
