int callback(int); int call(int n) { return callback(n); }
