// Package crds keeps the modules in go.mod whose custom resource definitions the chart's tests read.
package crds

import _ "github.com/cert-manager/cert-manager/pkg/apis/certmanager"
