namespace space { int missing(int, const char *); }
int fourth() { return space::missing(4, "d"); }
int fifth() { return space::missing(5, "e"); }
