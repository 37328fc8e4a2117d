// Package redact turns live messages into ones that may be kept.
package redact
