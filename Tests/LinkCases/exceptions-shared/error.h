struct CaseError {
  explicit CaseError(int code) : value(code) {}
  virtual ~CaseError() {}
  virtual int code() const { return value; }
  int value;
};
