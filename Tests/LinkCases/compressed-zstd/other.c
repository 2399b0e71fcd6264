struct a_structure_with_members { int first, second, third; } object;
int a_function_with_a_name(int n) { return n + 3 + object.first; }
