#include <spidergate/store/errc.hpp>

#include <string>

namespace spidergate::store {

namespace {

class store_category final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "spidergate.store"; }
  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::already_exists:
        return "The database holds such an entry already.";
      case errc::constraint:
        return "The entry refers to something that is not there, or lacks something it needs.";
      case errc::busy:
        return "The database is locked by another process.";
      case errc::disk_full:
        return "The disk under the database is full.";
      case errc::corrupt:
        return "The database is damaged.";
      case errc::unavailable:
        return "The database cannot be opened or reached.";
      case errc::queue_full:
        return "Too many jobs wait for the database.";
      case errc::bad_cursor:
        return "The cursor is not one that was given out.";
      case errc::failed:
        return "The database refused a statement.";
      case errc::read_only:
        return "The database takes no writes.";
    }
    return "Unknown database error.";
  }
};

}  // namespace

const boost::system::error_category& category() noexcept {
  static const store_category instance;
  return instance;
}

}  // namespace spidergate::store
