"""Check digits of the numbers that carry one; arguments are bare: no blanks, no hyphens, capital letters."""

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def luhn(digits: str) -> bool:
    """Tell whether a card number's last digit is right (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def resident_id(number: str) -> bool:
    """Tell whether the last character of an 18-character resident identity number is right (GB 11643-1999)."""
    total = sum(int(char) * weight for char, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    return _ID_CHECKS[total % 11] == number[17]


def uscc(code: str) -> bool:
    """Tell whether the last character of an 18-character unified social credit code is right (GB 32100-2015)."""
    if any(char not in _USCC_LETTERS for char in code):
        return False
    total = sum(_USCC_LETTERS.index(char) * weight for char, weight in zip(code[:17], _USCC_WEIGHTS, strict=True))
    return (31 - total % 31) % 31 == _USCC_LETTERS.index(code[17])


def iban(number: str) -> bool:
    """Tell whether the two check digits of an IBAN are right (ISO 13616, ISO 7064 MOD 97-10)."""
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1


def hong_kong_id(number: str) -> bool:
    """Tell whether the check character of a Hong Kong identity number such as A1234563 is right."""
    letters = number[:-7].rjust(2)
    values = [36 if char == " " else int(char, 36) for char in letters] + [int(char) for char in number[-7:-1]]
    total = sum(value * weight for value, weight in zip(values, range(9, 1, -1), strict=True))
    return "0123456789A"[(11 - total % 11) % 11] == number[-1]


def taiwan_id(number: str) -> bool:
    """Tell whether the last digit of a Taiwan identity number such as A123456789 is right."""
    first = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(number[0]) + 10
    values = [first // 10, first % 10, *map(int, number[1:])]
    return (
        sum(value * weight for value, weight in zip(values, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), strict=True)) % 10 == 0
    )
