__attribute__((section("numbers"), used)) static int mine[] = {3, 4};
