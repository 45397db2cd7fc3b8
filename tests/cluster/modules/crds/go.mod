module privreg.test/cluster/crds

go 1.26
