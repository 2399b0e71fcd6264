int defined = 11;
