"""Jobs: the steps from a folder of files to a report, each kept on the disk, so that a job goes on after any death."""
