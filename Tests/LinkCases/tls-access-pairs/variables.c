_Thread_local int hidden __attribute__((visibility("hidden"))) = 30;
_Thread_local long zeroed[5] __attribute__((visibility("hidden"), aligned(64)));
_Thread_local int exported = 70;
