__thread int a = 22;
