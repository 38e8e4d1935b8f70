{{/* A setting from a key of the Secret: as a variable, or as a file that a variable names. Called with (list $ "JWT_SECRET" "KEY"). */}}
{{- define "tidings.secret" -}}
{{- $root := index . 0 -}}
{{- $name := index . 1 -}}
{{- $key := index . 2 -}}
{{- $fromFiles := list "DATABASE_URL" "REDIS_URL" "SECRETS_KEYS" "JWT_SECRET" "JWT_PUBLIC_KEY" "OUTBOX_DATABASE_URLS" "EGRESS_PROXY" -}}
{{- if and $root.Values.secretFiles (has $name $fromFiles) }}
- name: {{ printf "%s_FILE" $name }}
  value: {{ printf "/run/secrets/tidings/%s" $key | quote }}
{{- else }}
- name: {{ $name }}
  valueFrom: { secretKeyRef: { name: {{ $root.Values.existingSecret | quote }}, key: {{ $key | quote }} } }
{{- end }}
{{- end -}}

{{/* The environment variables of a process. Called with (list $ "api"). */}}
{{- define "tidings.env" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $secret := dict "DATABASE_URL" "DATABASE_URL" "REDIS_URL" "REDIS_URL" "SECRETS_KEYS" "SECRETS_KEYS" -}}
{{- if and $root.Values.auth.jwtSecret (eq $component "api") -}}
{{- $_ := set $secret "JWT_SECRET" "JWT_SECRET" -}}
{{- end -}}
{{- $secret = merge (dict) $root.Values.secretEnv $secret -}}
{{- $config := merge (dict) (index $root.Values $component).config $root.Values.config (dict "HEALTH_PORT" "3001") -}}
{{- range $name, $key := $secret }}
{{- include "tidings.secret" (list $root $name $key) }}
{{- end }}
{{- range $name, $value := $config }}
- name: {{ $name }}
  value: {{ ternary ($value | int64 | toString) ($value | toString) (kindIs "float64" $value) | quote }}
{{- end }}
{{- end -}}

{{/* Fails when the health port would answer inside of the pod only: the kubelet, which probes it, is outside. Called with (list $ "api"). */}}
{{- define "tidings.checkHealthHost" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $config := merge (dict) (index $root.Values $component).config $root.Values.config (dict "HOST" "" "HEALTH_HOST" "") -}}
{{- $host := default (toString $config.HOST) (toString $config.HEALTH_HOST) -}}
{{- if regexMatch "^(127\\.|::1$|localhost$)" $host -}}
{{- fail (printf "the kubelet cannot probe the %s at %s: set HEALTH_HOST to \"::\" in config or %s.config" $component $host $component) -}}
{{- end -}}
{{- end -}}

{{/* The security contexts of every container and pod: the images have the user node, 1000. */}}
{{- define "tidings.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- define "tidings.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/* The time that a worker needs to stop, in seconds: DELIVERY_TIMEOUT_MS, 5 s to record results, and a reserve of 10 s. */}}
{{- define "tidings.workerGrace" -}}
{{- $config := merge (dict) .Values.worker.config .Values.config (dict "DELIVERY_TIMEOUT_MS" 15000) -}}
{{- add (ceil (divf (float64 $config.DELIVERY_TIMEOUT_MS) 1000)) 15 -}}
{{- end -}}

{{/*
A process counts as started once PostgreSQL and Redis have answered it: an upgrade with a wrong address stops at its first pod.
After that, a process is restarted only when it does not answer itself, since a restart repairs neither PostgreSQL nor Redis. An
API stays in its Service without them, since it still accepts events without Redis.
*/}}
{{- define "tidings.probes" -}}
startupProbe: { httpGet: { path: /readyz, port: health }, periodSeconds: 5, timeoutSeconds: 4, failureThreshold: 60 }
livenessProbe: { httpGet: { path: /healthz, port: health }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 }
readinessProbe: { httpGet: { path: {{ ternary "/healthz" "/readyz" (eq . "api") }}, port: health }, periodSeconds: 5, timeoutSeconds: 4, failureThreshold: 3 }
{{- end -}}

{{/* The Deployment of a component. Called with (list $ "api" (dict "ports" … "graceSeconds" … "preStop" … "strategy" …)). */}}
{{- define "tidings.deployment" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $more := index . 2 -}}
{{- $values := index $root.Values $component -}}
{{- $target := list $root $component -}}
{{- include "tidings.checkHealthHost" $target -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "tidings.name" $root }}-{{ $component }}
  labels: {{- include "tidings.labels" $target | nindent 4 }}
spec:
  {{- if not $values.autoscaling.enabled }}
  replicas: {{ $values.replicas }}
  {{- end }}
  selector:
    matchLabels: {{- include "tidings.selector" $target | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate: {{ $more.strategy | toJson }}
  template:
    metadata:
      labels: {{- include "tidings.labels" $target | nindent 8 }}
      {{- with $values.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec: {{- mergeOverwrite (include "tidings.podSpec" (list $root $component $more) | fromYaml) (deepCopy $values.pod) | toYaml | nindent 6 }}
{{- end -}}

{{- define "tidings.podSpec" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $more := index . 2 -}}
{{- $values := index $root.Values $component -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext: {{- include "tidings.podSecurity" $root | nindent 2 }}
terminationGracePeriodSeconds: {{ $more.graceSeconds }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "tidings.selector" (list $root $component) | nindent 8 }}
containers:
  - name: {{ $component }}
    image: {{ include "tidings.image" (list $root $component) | quote }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    env: {{- include "tidings.env" (list $root $component) | nindent 6 }}
    ports: {{- $more.ports | toYaml | nindent 6 }}
    {{- with $more.preStop }}
    lifecycle: { preStop: { exec: { command: {{ . | toJson }} } } }
    {{- end }}
    {{- include "tidings.probes" $component | nindent 4 }}
    resources: {{- toYaml $values.resources | nindent 6 }}
    securityContext: {{- include "tidings.containerSecurity" $root | nindent 6 }}
    {{- if $root.Values.secretFiles }}
    volumeMounts: [{ name: secrets, mountPath: /run/secrets/tidings, readOnly: true }]
    {{- end }}
{{- if $root.Values.secretFiles }}
volumes: [{ name: secrets, secret: { secretName: {{ $root.Values.existingSecret | quote }} } }]
{{- end }}
{{- end -}}
