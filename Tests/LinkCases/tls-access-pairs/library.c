_Thread_local int filler[9] = {5};
_Thread_local int library = 900;
