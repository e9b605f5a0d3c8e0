"""Independent judges of the files that vtkseries writes; none of them imports vtkseries."""
