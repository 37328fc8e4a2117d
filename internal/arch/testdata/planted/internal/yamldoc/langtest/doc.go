// Package langtest is as it should be.
package langtest
