int both, defined;
