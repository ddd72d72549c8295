package main

import (
	"sort"

	"google.golang.org/protobuf/reflect/protoreflect"
)

func sorted(files map[string]protoreflect.FileDescriptor) []string {
	paths := make([]string, 0, len(files))
	for path := range files {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	return paths
}
