{{- define "privreg.storage.mountPath" -}}
/var/lib/registry
{{- end }}

{{/* "true" where only one registry may write to the storage, empty otherwise. */}}
{{- define "privreg.storage.singleWriter" -}}
{{- $shared := and (eq .Values.storage.type "pvc") (has "ReadWriteMany" .Values.storage.persistence.accessModes) -}}
{{- if not (or $shared (has .Values.storage.type (list "nfs" "s3"))) }}true{{ end }}
{{- end }}

{{- define "privreg.storage.claimName" -}}
{{- .Values.storage.persistence.existingClaim | default (include "privreg.fullname" .) }}
{{- end }}

{{/* The Pod's volume with the images, by storage.type; a bucket is none. */}}
{{- define "privreg.storage.volume" -}}
{{- if ne .Values.storage.type "s3" -}}
- name: storage
  {{- include (printf "privreg.storage.volume.%s" .Values.storage.type) . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "privreg.storage.volumeMount" -}}
{{- if ne .Values.storage.type "s3" -}}
- name: storage
  mountPath: {{ include "privreg.storage.mountPath" . }}
{{- end }}
{{- end }}

{{- define "privreg.storage.volume.pvc" -}}
persistentVolumeClaim:
  claimName: {{ include "privreg.storage.claimName" . | quote }}
{{- end }}

{{- define "privreg.storage.volume.hostPath" -}}
hostPath:
  path: {{ .Values.storage.hostPath.path | quote }}
  type: DirectoryOrCreate
{{- end }}

{{- define "privreg.storage.volume.nfs" -}}
nfs:
  server: {{ .Values.storage.nfs.server | quote }}
  path: {{ .Values.storage.nfs.path | quote }}
{{- end }}

{{- define "privreg.storage.volume.emptyDir" -}}
{{- with .Values.storage.emptyDir.sizeLimit -}}
emptyDir:
  sizeLimit: {{ . | quote }}
{{- else -}}
emptyDir: {}
{{- end }}
{{- end }}

{{/* "true" where the folder's owner is to be set first, empty otherwise. */}}
{{- define "privreg.storage.ownFolder" -}}
{{- if and (eq .Values.storage.type "hostPath") .Values.storage.hostPath.fixPermissions }}true{{ end }}
{{- end }}

{{/*
fsGroup does not reach a hostPath. This container gives the folder to the registry's user: it alone runs
as root, with the two capabilities that needs.
*/}}
{{- define "privreg.storage.initContainers" -}}
{{- if include "privreg.storage.ownFolder" . }}
{{- $user := include "privreg.podSecurityContext" . | fromYaml -}}
- name: own-folder
  image: {{ include "privreg.image" (dict "context" . "image" .Values.jobs.image) }}
  imagePullPolicy: {{ .Values.jobs.image.pullPolicy }}
  command: [python3, /privreg/own_folder.py]
  args: [{{ include "privreg.storage.mountPath" . }}, {{ dig "runAsUser" 1000 $user | int | quote }}, {{ dig "runAsGroup" 1000 $user | int | quote }}]
  securityContext:
    {{- include "privreg.containerSecurityContext" (dict
          "runAsNonRoot" false
          "runAsUser" 0
          "runAsGroup" 0
          "capabilities" (dict "drop" (list "ALL") "add" (list "CHOWN" "DAC_OVERRIDE"))) | nindent 4 }}
  {{- with include "privreg.resources" .Values.jobs.resources }}
  resources:
    {{- . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: programs
      mountPath: /privreg
      readOnly: true
    - name: storage
      mountPath: {{ include "privreg.storage.mountPath" . }}
{{- end }}
{{- end }}

{{/* The volume that the container above needs besides. */}}
{{- define "privreg.storage.programVolume" -}}
{{- if include "privreg.storage.ownFolder" . -}}
- name: programs
  configMap:
    name: {{ include "privreg.programs.name" . | quote }}
{{- end }}
{{- end }}
