// An S3 server over a folder: versitygw with the one backend and the one account that a test needs. Its own command
// links the SDK of another cloud besides.
//
// Usage: versitygw FOLDER KEYS ADDRESS BUCKET...
//
// FOLDER gets the buckets and what is known about their objects, KEYS has the files accessKey and secretKey.
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

func main() {
	folder, keys, address, buckets := os.Args[1], os.Args[2], os.Args[3], os.Args[4:]
	// Not in extended attributes: not every file system of a test machine has them.
	about := folderIn(folder, "about")
	metadata, err := meta.NewSideCar(about)
	must(err)
	objects := folderIn(folder, "buckets")
	for _, bucket := range buckets {
		folderIn(objects, bucket)
	}
	backend, err := posix.New(objects, metadata, posix.PosixOpts{SideCarDir: about, CopyObjectThreshold: 5 << 30})
	must(err)
	must(embedgw.RunVersityGW(context.Background(), backend, &embedgw.Config{
		RootUserAccess:    read(keys, "accessKey"),
		RootUserSecret:    read(keys, "secretKey"),
		Ports:             []string{address},
		HealthPath:        "/healthz",
		KeepAlive:         true,
		MaxConnections:    1000,
		MaxRequests:       1000,
		MultipartMaxParts: 10000,
	}))
}

func folderIn(parent, name string) string {
	path := filepath.Join(parent, name)
	must(os.MkdirAll(path, 0o700))
	return path
}

func read(folder, name string) string {
	text, err := os.ReadFile(filepath.Join(folder, name))
	must(err)
	return string(text)
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
