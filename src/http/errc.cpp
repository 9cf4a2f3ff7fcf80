#include <spidergate/http/errc.hpp>

#include <string>

namespace spidergate::http {

namespace {

class http_category final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "spidergate.http"; }
  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::bad_head:
        return "The request head is malformed.";
      case errc::head_too_large:
        return "The request head is larger than this server allows.";
      case errc::ambiguous_length:
        return "The length of the request body is stated in a way that can be read differently.";
      case errc::bad_chunk:
        return "The chunked request body is malformed.";
      case errc::body_too_large:
        return "The request body is larger than this server allows.";
      case errc::timed_out:
        return "The client did not send or take the bytes in time.";
      case errc::client_gone:
        return "The client closed its connection.";
    }
    return "Unknown HTTP error.";
  }
};

}  // namespace

const boost::system::error_category& category() noexcept {
  static const http_category instance;
  return instance;
}

}  // namespace spidergate::http
