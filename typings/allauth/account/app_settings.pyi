from enum import StrEnum

class EmailVerificationMethod(StrEnum):
    MANDATORY = "mandatory"
    OPTIONAL = "optional"
    NONE = "none"
