// Package cli is as it should be.
package cli
