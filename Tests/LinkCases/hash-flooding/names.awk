BEGIN {
  count = 150000
  forgotten = "\223\375Yf\270\376\350\326"
  print ".data"
  for (i = 1; i <= count; i++) {
    name = sprintf("n%015d%sAAAAAAAABBBBBBBB", i, forgotten)
    printf ".globl \"%s\"\n\"%s\":\n", name, name
  }
  print ".byte 0"
  print ".globl first_string, last_string"
  print ".section .rodata.str1.1,\"aMS\",@progbits,1"
  print "first_string:"
  for (i = 1; i <= count; i++) {
    if (i == count) print "last_string:"
    printf ".ascii \"%016d\\223\\375Yf\\270\\376\\350\\326AAAAAAAABBBBBBBB\\0\"\n", i
  }
  print ".section .note.GNU-stack,\"\",@progbits"
}
