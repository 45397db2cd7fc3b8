"""`validate`: what Helm would refuse, what it would not notice, and where in the files it is."""
