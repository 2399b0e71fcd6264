__attribute__((weak)) int value = 3;
