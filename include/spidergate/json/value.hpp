#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::json {

enum class kind : std::uint8_t { object, array, string, number, boolean, null };

/// "an object", "a string", …, as error messages want it.
[[nodiscard]] std::string_view kind_name(kind k) noexcept;

/// What a reader notes of a value or a member's name. Nodes stand in the order of the text: a member's value behind its
/// name, and behind an opening bracket what is inside of it. Belongs to a reader.
struct node {
  std::uint32_t begin = 0;        ///< its first byte
  std::uint32_t end : 31 = 0;     ///< behind its last byte
  std::uint32_t escaped : 1 = 0;  ///< a string with a backslash in it
  std::uint32_t span = 1;         ///< how many nodes it is, together with all that is inside of it
};

struct member;
class member_range;
class element_range;

/// One value of a checked text: a light handle, valid until its reader reads again. Questions of the wrong kind have
/// empty answers, so that code asking for `usage.prompt_tokens_details.cached_tokens` needs no ladder of checks.
/// Thread-compatible.
class value {
 public:
  value() = default;
  value(const char* text, const node* at) : text_(text), node_(at) {}

  /// False for "no such member".
  [[nodiscard]] bool exists() const noexcept { return node_ != nullptr; }
  /// REQUIRES: exists().
  [[nodiscard]] json::kind kind() const noexcept;
  [[nodiscard]] bool is(json::kind k) const noexcept { return exists() && kind() == k; }
  [[nodiscard]] bool is_null() const noexcept { return is(kind::null); }
  /// Neither absent nor null.
  [[nodiscard]] bool given() const noexcept { return exists() && !is_null(); }

  /// The value's bytes, without the white space around it.
  [[nodiscard]] std::string_view raw() const noexcept;

  /// Of an object: its members in order; none for anything else.
  [[nodiscard]] member_range members() const noexcept;
  /// Of an array: its elements in order; none for anything else.
  [[nodiscard]] element_range elements() const noexcept;
  /// The last member of that name, as most JSON parsers have it; one whose name is written with escapes is not found.
  [[nodiscard]] value find(std::string_view name) const noexcept;
  /// An object or array without content.
  [[nodiscard]] bool empty() const noexcept { return node_->span == 1; }

  /// Of a string: the bytes between the quotes, escapes not undone. Empty for anything else.
  [[nodiscard]] std::string_view literal() const noexcept;
  /// Of a string: its text.
  [[nodiscard]] std::string text() const;
  /// Of a string: how many bytes its text has.
  [[nodiscard]] std::size_t text_size() const noexcept;
  [[nodiscard]] std::optional<bool> boolean() const noexcept;
  /// A number that is whole and fits ("12", "12.0", "1.2e1"); nothing for anything else.
  [[nodiscard]] std::optional<std::int64_t> whole_number() const noexcept;

 private:
  friend class member_range;
  friend class element_range;
  /// Of a string, or a member's name.
  [[nodiscard]] std::string_view between_quotes() const noexcept {
    return {text_ + node_->begin + 1, node_->end - node_->begin - 2};
  }

  const char* text_ = nullptr;
  const node* node_ = nullptr;
};

/// A name and its value.
struct member {
  std::string_view name;  ///< between the quotes, escapes not undone
  json::value value;

  /// From the opening quote of the name to the end of the value.
  [[nodiscard]] std::string_view whole() const noexcept {
    const auto raw = value.raw();
    return {name.data() - 1, static_cast<std::size_t>(raw.data() + raw.size() - name.data()) + 1};
  }
};

class member_range {
 public:
  class iterator {
   public:
    iterator(const char* text, const node* name) : text_(text), name_(name) {}
    [[nodiscard]] member operator*() const noexcept {
      return {value(text_, name_).between_quotes(), value(text_, name_ + 1)};
    }
    iterator& operator++() noexcept {
      name_ += 1 + name_[1].span;
      return *this;
    }
    [[nodiscard]] bool operator!=(const iterator& other) const noexcept { return name_ != other.name_; }

   private:
    const char* text_;
    const node* name_;
  };
  explicit member_range(value object) noexcept : object_(object.is(kind::object) ? object : value()) {}
  [[nodiscard]] iterator begin() const noexcept {
    return {object_.text_, object_.exists() ? object_.node_ + 1 : nullptr};
  }
  [[nodiscard]] iterator end() const noexcept {
    return {object_.text_, object_.exists() ? object_.node_ + object_.node_->span : nullptr};
  }

 private:
  value object_;
};

class element_range {
 public:
  class iterator {
   public:
    iterator(const char* text, const node* at) : text_(text), node_(at) {}
    [[nodiscard]] value operator*() const noexcept { return {text_, node_}; }
    iterator& operator++() noexcept {
      node_ += node_->span;
      return *this;
    }
    [[nodiscard]] bool operator!=(const iterator& other) const noexcept { return node_ != other.node_; }

   private:
    const char* text_;
    const node* node_;
  };
  explicit element_range(value array) noexcept : array_(array.is(kind::array) ? array : value()) {}
  [[nodiscard]] iterator begin() const noexcept { return {array_.text_, array_.exists() ? array_.node_ + 1 : nullptr}; }
  [[nodiscard]] iterator end() const noexcept {
    return {array_.text_, array_.exists() ? array_.node_ + array_.node_->span : nullptr};
  }

 private:
  value array_;
};

inline json::kind value::kind() const noexcept {
  switch (text_[node_->begin]) {
    case '{':
      return kind::object;
    case '[':
      return kind::array;
    case '"':
      return kind::string;
    case 't':
    case 'f':
      return kind::boolean;
    case 'n':
      return kind::null;
    default:
      return kind::number;
  }
}

inline std::string_view value::raw() const noexcept {
  if (!exists()) return {};
  return {text_ + node_->begin, node_->end - node_->begin};
}

inline std::string_view value::literal() const noexcept {
  return is(kind::string) ? between_quotes() : std::string_view();
}

inline member_range value::members() const noexcept {
  return member_range(*this);
}
inline element_range value::elements() const noexcept {
  return element_range(*this);
}

/// Appends what a string literal says (its bytes between the quotes, checked before). A lone surrogate becomes U+FFFD.
void append_unescaped(std::string& out, std::string_view literal);
/// How many bytes append_unescaped would add.
[[nodiscard]] std::size_t unescaped_size(std::string_view literal) noexcept;
/// Whether a literal says exactly `plain`, escapes undone.
[[nodiscard]] bool says(std::string_view literal, std::string_view plain);

}  // namespace spidergate::json
