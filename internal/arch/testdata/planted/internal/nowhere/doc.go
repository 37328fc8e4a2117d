// Package nowhere was forgotten in the rules.
package nowhere
