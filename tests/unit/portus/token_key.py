"""A public key whose libtrust fingerprint is known to everybody: Portus' development key.

Source: SUSE/Portus ``examples/development/compose/portus.crt`` (the same key in every release; its fingerprint is in
the title of issue SUSE/Portus#1126). Its private half is public too, which is why no stack must ever use it.
"""

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PORTUS_DEVELOPMENT_KEY_ID = "PTWT:FNJE:7TW7:ULI7:DZQA:JJJI:RDJQ:2M76:HD6G:ZRSC:VPIF:O5BU"
PORTUS_DEVELOPMENT_KEY = RSAPublicNumbers(
    e=65537,
    n=int(
        "c96036e7f0a84fe56cbc26f0c31ef5290f58472e60cda74eb9f8b7dade0da4ff0edbbb5b7a673872822c1032d1049497"
        "c6106ff7b993bdf8c0538fe73b4b490e010796ba65fa9e4803a529dda618d98aaa637ae2bfe608f9ef910dc4dabbd65d"
        "fd9c6e0793a3a50a1c635e8f1933fd75c5269f8f6867bc5bdcd5227a80c7a76712f546935338cdaf147ecfa1ab86390b"
        "13d9398f5862e3cbfbe7f11efe32fa5bbac489a8c96ee403064c5c98399f95a96bad40099e609ed51a584606ca12bc81"
        "ac5cd4c011ac8ea1b046763054d29cd424e76a1f7cea08f4431d4e1623dec4842bba608a63d67b17006b4e6fbc229d33"
        "7707d1333eea67acdf26a8dc8f9ff594da570bf9812799361cb823e9e192b904c12c724d32ee52d1db46d6f1a785017a"
        "4633357ff2bebf03808a7ad4271e9b495fe0bb005da3cce0ea6fe892b52f440b8ffa5e2e73224fe53fc94b9dd05ed258"
        "48b35474f56979cefa109398d56ac4068c9f76dcb60f7107b672051a94deb16d210fd273d287cb5c103750277e1a2fd6"
        "af6034c33a67dd57ce343a856bac62963a53d988012a96b57ae702fb7266545467e8163d8e8efaa5a0ba620bbf43339f"
        "b85d67b2fd1a61d2fd2f07637f71d404314750126b789921d10439c99317321745238c842af6092c0880eed530010eb1"
        "bc37a0cbe24eb1132c12f0d134d7ee79ccc4937e39165aea4572382813dc741b",
        16,
    ),
)
PORTUS_DEVELOPMENT_KEY_PEM = (
    PORTUS_DEVELOPMENT_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
)
