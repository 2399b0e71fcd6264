int after[1];
