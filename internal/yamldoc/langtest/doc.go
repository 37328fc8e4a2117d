// Package langtest tests a file language that is made of yamldoc shapes: folders
// of good files with what is read from them and of bad files with the error that
// each gives, the schema that editors use, and the oracle of fuzz targets.
//
// Only tests import it.
package langtest
