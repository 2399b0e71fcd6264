int mixed_up = 3;
