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

/// Where the tokens of a checked text stand. Belongs to a reader.
struct token_table {
  std::string_view text;
  const std::uint32_t* places = nullptr;   ///< of each token's first byte; one more after the last: the text's size
  const std::uint32_t* closers = nullptr;  ///< for an opening bracket's token: the token that closes it
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
  value(const token_table& table, std::uint32_t token) : table_(&table), token_(token) {}

  /// False for "no such member".
  [[nodiscard]] bool exists() const noexcept { return table_ != nullptr; }
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
  [[nodiscard]] bool empty() const noexcept { return table_->closers[token_] == token_ + 1; }

  /// Of a string: the bytes between the quotes, escapes not undone. Empty for anything else.
  [[nodiscard]] std::string_view literal() const noexcept;
  /// Of a string: its text.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::optional<bool> boolean() const noexcept;
  /// A number that is whole and fits ("12", "12.0", "1.2e1"); nothing for anything else.
  [[nodiscard]] std::optional<std::int64_t> whole_number() const noexcept;

 private:
  friend class member_range;
  friend class element_range;
  [[nodiscard]] char at(std::uint32_t token) const noexcept { return table_->text[table_->places[token]]; }
  [[nodiscard]] bool opens(std::uint32_t token) const noexcept { return at(token) == '{' || at(token) == '['; }
  /// The first token behind the value that begins at `token`.
  [[nodiscard]] std::uint32_t behind(std::uint32_t token) const noexcept {
    return opens(token) ? table_->closers[token] + 1 : token + 1;
  }

  /// The literal of a member's name: its closing quote is the last byte before the colon but for white space.
  [[nodiscard]] std::string_view name_at(std::uint32_t token) const noexcept {
    const std::size_t begin = table_->places[token] + 1;
    std::size_t end = table_->places[token + 1] - 1;
    while (table_->text[end] != '"') --end;
    return {table_->text.data() + begin, end - begin};
  }

  const token_table* table_ = nullptr;
  std::uint32_t token_ = 0;
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
    iterator(value object, std::uint32_t token) : object_(object), token_(token) {}
    [[nodiscard]] member operator*() const noexcept {
      return {object_.name_at(token_), value(*object_.table_, token_ + 2)};
    }
    iterator& operator++() noexcept {
      token_ = object_.behind(token_ + 2);
      if (object_.at(token_) == ',') ++token_;
      return *this;
    }
    [[nodiscard]] bool operator!=(const iterator& other) const noexcept { return token_ != other.token_; }

   private:
    value object_;
    std::uint32_t token_;
  };
  explicit member_range(value object) : object_(object) {}
  [[nodiscard]] iterator begin() const noexcept {
    return {object_, object_.is(kind::object) ? object_.token_ + 1 : object_.token_};
  }
  [[nodiscard]] iterator end() const noexcept {
    return {object_, object_.is(kind::object) ? object_.table_->closers[object_.token_] : object_.token_};
  }

 private:
  value object_;
};

class element_range {
 public:
  class iterator {
   public:
    iterator(value array, std::uint32_t token) : array_(array), token_(token) {}
    [[nodiscard]] value operator*() const noexcept { return {*array_.table_, token_}; }
    iterator& operator++() noexcept {
      token_ = array_.behind(token_);
      if (array_.at(token_) == ',') ++token_;
      return *this;
    }
    [[nodiscard]] bool operator!=(const iterator& other) const noexcept { return token_ != other.token_; }

   private:
    value array_;
    std::uint32_t token_;
  };
  explicit element_range(value array) : array_(array) {}
  [[nodiscard]] iterator begin() const noexcept {
    return {array_, array_.is(kind::array) ? array_.token_ + 1 : array_.token_};
  }
  [[nodiscard]] iterator end() const noexcept {
    return {array_, array_.is(kind::array) ? array_.table_->closers[array_.token_] : array_.token_};
  }

 private:
  value array_;
};

inline json::kind value::kind() const noexcept {
  switch (at(token_)) {
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
  const char* text = table_->text.data();
  const std::size_t begin = table_->places[token_];
  if (opens(token_)) return {text + begin, table_->places[table_->closers[token_]] + 1 - begin};
  std::size_t end = table_->places[token_ + 1];
  while (text[end - 1] == ' ' || text[end - 1] == '\n' || text[end - 1] == '\r' || text[end - 1] == '\t') --end;
  return {text + begin, end - begin};
}

inline std::string_view value::literal() const noexcept {
  if (!is(kind::string)) return {};
  const auto quoted = raw();
  return {quoted.data() + 1, quoted.size() - 2};
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
