_Thread_local int filler = 1, other = 2;
