namespace space {
int shown(int n) { return n; }
int unshown(int n) { return n; }
}
