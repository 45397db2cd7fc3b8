{{/*
The bucket, for the registry's configuration (distribution's registry/storage/driver/s3-aws), without the keys. A
store that is not Amazon's rarely has a name in DNS for each bucket, and does not mind the region.
*/}}
{{- define "privreg.storage.s3.driver" -}}
{{- with .Values.storage.s3 -}}
bucket: {{ .bucket | quote }}
region: {{ .region | default "us-east-1" | quote }}
{{- with .regionEndpoint }}
regionendpoint: {{ . | quote }}
{{- end }}
forcepathstyle: {{ kindIs "invalid" .forcePathStyle | ternary (not (empty .regionEndpoint)) .forcePathStyle }}
{{- with .rootDirectory }}
rootdirectory: {{ . | quote }}
{{- end }}
encrypt: {{ .encrypt }}
{{- /* The least that S3 takes: an upload needs 25 MiB of memory so, and 55 by default. A blob may have 48 GiB. */}}
chunksize: 5242880
{{- end }}
{{- end }}

{{/* The name of the Secret with a credentials file; empty where there is none. */}}
{{- define "privreg.storage.s3.credentialsSecret" -}}
{{- if eq .Values.storage.type "s3" }}{{ .Values.storage.s3.existingSecret }}{{ end }}
{{- end }}

{{/*
An environment variable may name the file, and the file holds the keys: distribution itself would take those of a
Secret from the environment only.
*/}}
{{- define "privreg.storage.s3.env" -}}
{{- if include "privreg.storage.s3.credentialsSecret" . -}}
- name: AWS_SHARED_CREDENTIALS_FILE
  value: /etc/privreg/s3/credentials
{{- end }}
{{- end }}

{{- define "privreg.storage.s3.volume" -}}
{{- with include "privreg.storage.s3.credentialsSecret" . -}}
- name: s3
  secret:
    secretName: {{ . | quote }}
    defaultMode: 288 # 0440
    items:
      - key: credentials
        path: credentials
{{- end }}
{{- end }}

{{- define "privreg.storage.s3.volumeMount" -}}
{{- if include "privreg.storage.s3.credentialsSecret" . -}}
- name: s3
  mountPath: /etc/privreg/s3
  readOnly: true
{{- end }}
{{- end }}
