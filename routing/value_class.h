#pragma once

#include <optional>
#include <string_view>

namespace axial::routing {

/// How the values of an attribute are compared; decided by its value representation.
enum class ValueClass {
  kNumber,    ///< DS IS FL FD US SS UL SL UV SV, and the added `instances`, `frames`
  kDate,      ///< DA
  kTime,      ///< TM
  kDateTime,  ///< DT; the offset from UTC is not looked at
  kAge,       ///< AS: 018Y, 006M, 002W, 003D, compared as days
  kUid,       ///< UI: equal byte for byte
  kText,      ///< AE CS LO LT PN SH ST UC UR UT: equal whatever the case of letters
};

/// nullopt for what is not plain values (sequences, binary data, AT, UN).
[[nodiscard]] std::optional<ValueClass> ClassOfVr(std::string_view vr);

/// True for everything that has an order: all but kUid and kText.
[[nodiscard]] bool IsOrdered(ValueClass value_class);

/// "a number", "a date", ...
[[nodiscard]] std::string_view NameOf(ValueClass value_class);

}  // namespace axial::routing
