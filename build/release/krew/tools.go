//go:build tools

// Names krew's own programs, so that go.sum holds what they are built from.
package tools

import (
	_ "sigs.k8s.io/krew/cmd/krew"
	_ "sigs.k8s.io/krew/cmd/validate-krew-manifest"
)
