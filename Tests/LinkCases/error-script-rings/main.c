// Scripts that name themselves or each other again and again end in an error, and soon.
//#each: names = itself library many
//#prepare: printf 'INPUT(ring.ld ring.ld ring.ld ring.ld ring.ld)\n' > ring.ld; cp ring.ld libring.so
//#prepare: for i in 0 1 2 3 4 5 6 7 8 9; do for j in 0 1 2 3 4 5 6 7 8 9; do echo "INPUT(many$((i+1)).ld)"; done > many$i.ld; done; echo 'INPUT(main.o)' > many10.ld
//#inputs[itself]: main.o ring.ld
//#inputs[library]: main.o -L. -lring
//#inputs[many]: main.o many0.ld
//#timeout: 20
//#expect-error[itself]: linker scripts include each other more than 16 deep
//#expect-error[library]: linker scripts include each other more than 16 deep
//#expect-error[many]: linker scripts name each other again and again
int main(void) { return 0; }
