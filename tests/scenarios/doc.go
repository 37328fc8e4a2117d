// Package scenarios has no code of its own: its tests run each scenario that
// firedrill ships with, at its full number of users and shortened by --duration,
// as a person would: with the recording, the firedrill.yaml and the commands of
// this repository, against the school, which is asked afterwards what happened.
//
//	recordings/sample-school.db ─▶ replayer --scenario NAME ─▶ school (its truth)
//	                                                        └▶ analyze report ─▶ verdict
//
// On a healthy school nothing may fail but what the scenario expects. On a school
// made worse the right threshold, baseline or step must break, and the verdict must
// name the endpoint. How fast the machine is plays no part: where only times broke
// on a healthy school, the run counts as passed.
package scenarios
