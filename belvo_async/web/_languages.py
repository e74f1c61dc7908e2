"""What the pages say, in English, Spanish and Portuguese."""

import re
from collections.abc import Mapping
from typing import Final

_ENGLISH: Final = {
    "title": "Confirm with your bank",
    "heading": "{institution} asks for a confirmation",
    "bank": "Your bank",
    "why": "Your bank wants to make sure that it is you. Follow its instructions to go on.",
    "instructions": "What your bank says",
    "number": "Challenge number",
    "number_hint": "Type this number into your bank's app or device to get your code.",
    "question": "Question",
    "code": "From your bank",
    "qr": "QR code",
    "qr_hint": "Scan this code with your bank's app.",
    "qr_text": "The code cannot be drawn. This is its content:",
    "token": "Your code",
    "answer": "Your answer",
    "token_hint": "Each code can be sent once.",
    "send": "Send",
    "confirm": "I have confirmed",
    "confirm_hint": "Confirm on your device first, then press the button.",
    "decline": "I cannot answer",
    "left": "Time left:",
    "minutes": "{minutes} min {seconds} s",
    "again": "Your bank did not accept the last answer, or asks for one more. Please look closely.",
    "invalid": "This cannot be a code. Please type it as your bank shows it.",
    "not_sent": "Your answer could not be sent, so it was not used. Please try again.",
    "working_title": "Your bank is checking",
    "working": "This can take a few minutes. You may leave this page open; it shows the result by itself.",
    "updated_title": "Done",
    "updated": "Your bank has confirmed. You can close this page.",
    "refused_title": "Your bank said no",
    "refused": "Nothing was changed. Please start again where you came from.",
    "declined_title": "You did not answer",
    "declined": "Nothing was changed. You can start again where you came from.",
    "expired_title": "The time is up",
    "expired": "Your bank waits only for a short while. Please start again where you came from.",
    "superseded_title": "No longer needed",
    "superseded": "Your bank needs no answer to this question any more. You can close this page.",
    "unsettled_title": "We cannot tell yet",
    "unsettled": "Your answer was sent, but the result did not reach us. Please do not send it again; "
    "look where you came from in a few minutes.",
    "unknown_title": "There is nothing here",
    "unknown": "This address is not, or no longer, valid. Please start again where you came from.",
    "form_title": "Please try once more",
    "form": "This form was not opened in this browser, or it is too old. Cookies have to be allowed. "
    "Nothing was sent.",
    "busy_title": "Too many attempts",
    "busy": "Please wait a minute, then try again. Nothing was sent.",
    "large_title": "That is too long",
    "large": "What was sent is too long. Nothing was forwarded to your bank.",
    "trouble_title": "Something does not work",
    "trouble": "This is not your fault. Please try again in a few minutes.",
    "reload": "Back to the question",
    "language": "Language",
    "open_title": "Open challenges",
    "open_count": "Challenges: {count}",
    "left_head": "Time left",
    "institution_head": "Institution",
    "kind_head": "Kind",
    "link_head": "Link",
    "answers_head": "Answers sent",
    "phase_head": "State",
    "phase_open": "open",
    "phase_answered": "being checked",
    "phase_unsettled": "end not known",
}

_SPANISH: Final = {
    "title": "Confirme con su banco",
    "heading": "{institution} pide una confirmación",
    "bank": "Su banco",
    "why": "Su banco quiere comprobar que es usted. Siga sus instrucciones para continuar.",
    "instructions": "Lo que indica su banco",
    "number": "Número de desafío",
    "number_hint": "Ingrese este número en la aplicación o el dispositivo de su banco para obtener su "
    "código.",
    "question": "Pregunta",
    "code": "De su banco",
    "qr": "Código QR",
    "qr_hint": "Escanee este código con la aplicación de su banco.",
    "qr_text": "No se puede dibujar el código. Este es su contenido:",
    "token": "Su código",
    "answer": "Su respuesta",
    "token_hint": "Cada código se puede enviar una sola vez.",
    "send": "Enviar",
    "confirm": "Ya confirmé",
    "confirm_hint": "Confirme primero en su dispositivo y después presione el botón.",
    "decline": "No puedo responder",
    "left": "Tiempo restante:",
    "minutes": "{minutes} min {seconds} s",
    "again": "Su banco no aceptó la última respuesta o pide una más. Por favor, fíjese bien.",
    "invalid": "Esto no puede ser un código. Por favor, escríbalo tal como lo muestra su banco.",
    "not_sent": "No se pudo enviar su respuesta, así que no se usó. Por favor, intente de nuevo.",
    "working_title": "Su banco está verificando",
    "working": "Puede tardar unos minutos. Puede dejar abierta esta página: mostrará el resultado por sí "
    "sola.",
    "updated_title": "Listo",
    "updated": "Su banco confirmó. Puede cerrar esta página.",
    "refused_title": "Su banco dijo que no",
    "refused": "No se cambió nada. Por favor, empiece de nuevo desde donde vino.",
    "declined_title": "Usted no respondió",
    "declined": "No se cambió nada. Puede empezar de nuevo desde donde vino.",
    "expired_title": "Se acabó el tiempo",
    "expired": "Su banco espera solo un momento. Por favor, empiece de nuevo desde donde vino.",
    "superseded_title": "Ya no hace falta",
    "superseded": "Su banco ya no necesita una respuesta a esta pregunta. Puede cerrar esta página.",
    "unsettled_title": "Todavía no lo sabemos",
    "unsettled": "Su respuesta se envió, pero el resultado no nos llegó. Por favor, no la envíe de nuevo; "
    "consulte en unos minutos en el sitio desde donde vino.",
    "unknown_title": "Aquí no hay nada",
    "unknown": "Esta dirección no es válida o ya no lo es. Por favor, empiece de nuevo desde donde vino.",
    "form_title": "Por favor, intente una vez más",
    "form": "Este formulario no se abrió en este navegador o es demasiado antiguo. Hay que permitir las "
    "cookies. No se envió nada.",
    "busy_title": "Demasiados intentos",
    "busy": "Por favor, espere un minuto e intente de nuevo. No se envió nada.",
    "large_title": "Es demasiado largo",
    "large": "Lo que se envió es demasiado largo. No se reenvió nada a su banco.",
    "trouble_title": "Algo no funciona",
    "trouble": "No es culpa suya. Por favor, intente de nuevo en unos minutos.",
    "reload": "Volver a la pregunta",
    "language": "Idioma",
    "open_title": "Desafíos abiertos",
    "open_count": "Desafíos: {count}",
    "left_head": "Tiempo restante",
    "institution_head": "Institución",
    "kind_head": "Tipo",
    "link_head": "Link",
    "answers_head": "Respuestas enviadas",
    "phase_head": "Estado",
    "phase_open": "abierto",
    "phase_answered": "en verificación",
    "phase_unsettled": "final desconocido",
}

_PORTUGUESE: Final = {
    "title": "Confirme com o seu banco",
    "heading": "{institution} pede uma confirmação",
    "bank": "O seu banco",
    "why": "O seu banco quer ter certeza de que é você. Siga as instruções dele para continuar.",
    "instructions": "O que o seu banco diz",
    "number": "Número do desafio",
    "number_hint": "Digite este número no aplicativo ou dispositivo do seu banco para obter o seu código.",
    "question": "Pergunta",
    "code": "Do seu banco",
    "qr": "Código QR",
    "qr_hint": "Leia este código com o aplicativo do seu banco.",
    "qr_text": "Não é possível desenhar o código. Este é o conteúdo dele:",
    "token": "O seu código",
    "answer": "A sua resposta",
    "token_hint": "Cada código só pode ser enviado uma vez.",
    "send": "Enviar",
    "confirm": "Já confirmei",
    "confirm_hint": "Confirme primeiro no seu dispositivo e depois pressione o botão.",
    "decline": "Não posso responder",
    "left": "Tempo restante:",
    "minutes": "{minutes} min {seconds} s",
    "again": "O seu banco não aceitou a última resposta ou pede mais uma. Por favor, confira com atenção.",
    "invalid": "Isto não pode ser um código. Por favor, digite como o seu banco mostra.",
    "not_sent": "Não foi possível enviar a sua resposta, por isso ela não foi usada. Tente novamente.",
    "working_title": "O seu banco está verificando",
    "working": "Isto pode levar alguns minutos. Você pode deixar esta página aberta: ela mostra o "
    "resultado sozinha.",
    "updated_title": "Pronto",
    "updated": "O seu banco confirmou. Você pode fechar esta página.",
    "refused_title": "O seu banco disse não",
    "refused": "Nada foi alterado. Por favor, comece de novo de onde você veio.",
    "declined_title": "Você não respondeu",
    "declined": "Nada foi alterado. Você pode começar de novo de onde veio.",
    "expired_title": "O tempo acabou",
    "expired": "O seu banco espera só por um momento. Por favor, comece de novo de onde você veio.",
    "superseded_title": "Não é mais necessário",
    "superseded": "O seu banco não precisa mais de uma resposta a esta pergunta. Você pode fechar esta "
    "página.",
    "unsettled_title": "Ainda não sabemos",
    "unsettled": "A sua resposta foi enviada, mas o resultado não chegou até nós. Por favor, não a envie de "
    "novo; consulte em alguns minutos o site de onde você veio.",
    "unknown_title": "Não há nada aqui",
    "unknown": "Este endereço não é válido, ou deixou de ser. Por favor, comece de novo de onde você veio.",
    "form_title": "Por favor, tente mais uma vez",
    "form": "Este formulário não foi aberto neste navegador, ou é antigo demais. É preciso permitir "
    "cookies. Nada foi enviado.",
    "busy_title": "Tentativas demais",
    "busy": "Por favor, espere um minuto e tente de novo. Nada foi enviado.",
    "large_title": "Isto é longo demais",
    "large": "O que foi enviado é longo demais. Nada foi repassado ao seu banco.",
    "trouble_title": "Algo não funciona",
    "trouble": "Não é culpa sua. Por favor, tente de novo em alguns minutos.",
    "reload": "Voltar à pergunta",
    "language": "Idioma",
    "open_title": "Desafios abertos",
    "open_count": "Desafios: {count}",
    "left_head": "Tempo restante",
    "institution_head": "Instituição",
    "kind_head": "Tipo",
    "link_head": "Link",
    "answers_head": "Respostas enviadas",
    "phase_head": "Estado",
    "phase_open": "aberto",
    "phase_answered": "em verificação",
    "phase_unsettled": "fim desconhecido",
}

CATALOGS: Final[Mapping[str, Mapping[str, str]]] = {"en": _ENGLISH, "es": _SPANISH, "pt": _PORTUGUESE}
NAMES: Final[Mapping[str, str]] = {"en": "English", "es": "Español", "pt": "Português"}
TAGS: Final[Mapping[str, str]] = {"en": "en", "es": "es", "pt": "pt-BR"}
_LONGEST_HEADER: Final = 1000
_RANGE: Final = re.compile(
    r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?\s*"
)


def choose_language(wanted: str | None, accepted: str, default: str) -> str:
    """Return the language to use: what was asked for, else what the browser likes best, else the default.

    Args:
        wanted: From the address.
        accepted: The header `Accept-Language`.
        default: Where neither names one that there is.
    """
    if wanted is not None and wanted in CATALOGS:
        return wanted
    ranges = [_RANGE.fullmatch(part) for part in accepted[:_LONGEST_HEADER].split(",")]
    liked = sorted(
        ((float(found[2] or 1), found[1].lower()) for found in ranges if found is not None),
        key=lambda pair: -pair[0],
    )
    return next((name for quality, name in liked if quality > 0 and name in CATALOGS), default)
