#define FROM_HEADER(x) ((x) + 41)
#define TEXT_OF_HEADER "header"
