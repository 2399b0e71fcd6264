int value = 7;
