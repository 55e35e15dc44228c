"""The closed lists of SPEC 1.5 b: what is denied, and which pictures, films and sounds may come."""


def _set(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


DENIED = _set("exe dll bat zip rar scr bin")

# What an administrator may add with one click.
RECOMMENDED_BLOCK = _set(
    "js jse vbs vbe wsf wsh hta ps1 cmd com pif msi msp cpl jar lnk url scf reg iso img vhd",
    "html htm xhtml shtml mht chm xll appref-ms one",
)

# JPEG PNG GIF TIFF RAW WebP; MP4 MOV AVI WMV WebM; MP3 WAV.
LISTED_TYPES = _set(
    "image/jpeg image/png image/gif image/tiff image/webp image/x-canon-cr2 image/x-canon-cr3",
    "image/x-canon-crw image/x-fuji-raf image/x-olympus-orf image/x-panasonic-rw2",
    "image/x-minolta-mrw image/x-x3f image/x-nikon-nef image/x-sony-arw image/x-adobe-dng",
    "image/x-pentax-pef image/x-dcraw",
    "video/mp4 video/quicktime video/x-msvideo video/x-ms-asf video/x-ms-wmv video/webm",
    "audio/mpeg audio/x-wav audio/wav audio/vnd.wave",
)

# Extensions that are a picture, film or sound and on no list.
UNLISTED = _set(
    "svg svgz heic heif hif avif bmp dib ico cur psd psb xcf jp2 j2k jpf jpx jxl jxr wdp hdp tga",
    "pcx pbm pgm ppm pnm xbm xpm emf wmf emz wmz exr hdr pict pct icns apng mng jng ras sgi",
    "mkv mka mk3d flv f4v 3gp 3g2 m4v mpg mpeg mpe m1v m2v mp2 m2ts mts vob ogv ogx ogm rm rmvb",
    "asf divx mxf y4m ogg oga spx opus flac m4a m4b m4p aac ac3 wma mid midi aif aiff aifc au snd",
    "amr ape wv mpc ra ram caf dts tta voc",
)

# Filed as images by libmagic, yet drawings, scans and measurements that people send as documents.
DOCUMENT_TYPES = _set(
    "image/fits image/vnd.dwg image/vnd.dxf image/x-dxf image/vnd.djvu image/x-eps"
)

# Told by two or three bytes, which much else begins with too: `media.py` looks closer at some.
WEAK_TYPES = _set(
    "image/x-portable-bitmap image/x-portable-greymap image/x-portable-graymap",
    "image/x-portable-pixmap image/x-tga image/x-xpmi image/x-pcx image/jxl image/jp2",
    "image/x-award-bioslogo image/x-os2-graphics audio/vnd.dolby.dd-raw audio/x-mod",
    "audio/x-hx-aac-adts audio/x-mp4a-latm video/MP2T video/mp2t",
)

MEDIA_APPLICATIONS = _set(
    "application/ogg application/vnd.rn-realmedia application/mxf application/x-matroska"
)
