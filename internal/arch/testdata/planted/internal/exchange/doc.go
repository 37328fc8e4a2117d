// Package exchange is as it should be.
package exchange
