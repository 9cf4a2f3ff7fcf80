#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace spidergate::openai {

/// A place in the body, linked to the place that holds it, on the stack: becomes text ("messages[2].role") only for an
/// error.
class path {
 public:
  explicit path(std::string_view name) : name_(name) {}
  [[nodiscard]] path member(std::string_view name) const { return {*this, name, none}; }
  [[nodiscard]] path element(std::size_t index) const { return {*this, {}, index}; }
  [[nodiscard]] std::string text() const;

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  path(const path& parent, std::string_view name, std::size_t index) : parent_(&parent), name_(name), index_(index) {}

  const path* parent_ = nullptr;
  std::string_view name_;
  std::size_t index_ = none;
};

inline std::string path::text() const {
  std::string out = parent_ ? parent_->text() : std::string(name_);
  if (index_ != none) return out + "[" + std::to_string(index_) + "]";
  return parent_ ? out + "." + std::string(name_) : out;
}

}  // namespace spidergate::openai
