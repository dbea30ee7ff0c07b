"""What languages show by: the small words that every text is full of, and letters of their own."""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "ca": "el la els les de del i que amb per un una no és està són al als com però molt més"
    " meu meva he ha em es si quan perquè què aquest aquesta això hola gràcies vull puc"
    " tinc des sense encara també dels fer seu sobre dia compte",
    "cs": "a se na je v že z do to s o i k za by ale jako jsem jsme jste nebo už není mi mě můj"
    " moje prosím dobrý den děkuji jak když který která pro po od při tak jen byl byla"
    " bylo aby také ještě proč mám máte nemohu jsou co si mohu",
    "da": "og i at det er en et på til af for med der ikke den har jeg du vi som kan min mit"
    " mine hvad hvordan hvornår hej tak venlig hilsen men så også fra kunne skal vil blev"
    " når jer om eller være været mig dig hvorfor",
    "de": "der die das und ich ist nicht ein eine einen zu mit auf für in den von es sie wie"
    " mein meine meiner meinen habe hat haben wird wurde kann bitte auch noch dass bei aus"
    " als aber wenn oder mir mich ihr ihre uns wir sind war im am um nach hallo danke"
    " grüße über warum wann keine kein dem des schon seit sehr geht zur zum",
    "en": "the and to of a in is it you that for on with as are this be my was have not at or"
    " we can your from but what how do does did when where why there has had been will"
    " would could i me if an am they he she them their our no so any all just get got"
    " still please thanks hello need want which who should about into out up its it's"
    " don't i'm i've after because",
    "es": "el la los las de del que y en un una es no se por con para mi mis lo le su al como"
    " pero más he ha han está están qué cómo cuándo dónde porque cuando hola gracias"
    " quiero puedo tengo hay si sin sobre ya me muy esta este esto desde también tarjeta"
    " todavía favor usted ustedes hacer cuenta son ser fue",
    "et": "ja on ei see et ma mu minu kui kas oma ka aga mis ning või tere aitäh palun saan saa"
    " olen oli seda ole mida mul siis kuidas kus miks veel juba tema nad meie teie pole"
    " kuid sest väga",
    "fi": "ja on ei se että en mutta minun olen oli kun niin myös tai jos ovat minä hei kiitos"
    " miten miksi voin voi ole tämä tämän vain kanssa sitä joka mitä nyt vielä minulla"
    " ollut olisi sen mikä teidän terveisin",
    "fr": "le la les de des du et un une est je que qui dans pour pas ne sur au aux avec ce"
    " cette mon ma mes vous nous il elle on se sont été ai a ont mais ou où comment"
    " pourquoi quand bonjour merci bien plus par si en votre vos j'ai c'est n'est n'ai"
    " d'un d'une l'on être avoir fait peux suis toujours depuis cordialement carte y"
    " encore",
    "hr": "i je u na se da za od su ne to kako što sam s a o li ali iz koji kao bi samo mi moj"
    " moja moje nije bio bila hvala molim dobar dan zašto kada gdje mogu možete imam još"
    " već ako pri do biti po nisam jer",
    "hu": "a az és hogy nem is egy meg van ez azt de ha már csak még vagy mint volt mert nekem"
    " én kell lehet miért mikor hol köszönöm kérem üdvözlettel szeretnék tudok tudom jó"
    " napot sem itt fel el ki be minden nincs ezt vagyok",
    "id": "yang dan di ini itu untuk dengan tidak saya dari pada ke akan bisa ada adalah kami"
    " anda juga sudah belum apa bagaimana kapan kenapa mengapa terima kasih tolong mohon"
    " karena atau jika telah oleh dalam lagi selamat kartu",
    "it": "il lo la gli le di del della che e è un una non per con in sono mi mio mia ho ha si"
    " come quando perché dove cosa ma più anche al alla dal dalla nel nella sul ancora già"
    " buongiorno salve grazie vorrei posso questo questa miei mie ci se da i stato essere"
    " avete cordiali saluti delle dei",
    "lt": "ir yra kad į ne tai su iš kaip bet mano ar jau dar aš man nuo buvo labas ačiū prašau"
    " kur kada kodėl galiu negaliu tik už apie mes jūs jūsų po dėl ką nėra gali turiu",
    "lv": "un ir es no ar uz ka par nav bet kā to vai man mans mana lai jau vēl kas bija"
    " paldies lūdzu kad kur kāpēc varu nevaru tikai mēs jūs jūsu pie labdien esmu pēc šo"
    " tas tā",
    "nb": "og i det er en et på til av for med som ikke den har jeg du vi kan min mitt mine hva"
    " hvordan når hei takk vennlig hilsen men så også fra kunne skal vil ble om eller være"
    " vært meg deg hvorfor hvor noe mye etter",
    "nl": "de het een en van ik is niet in op te dat die voor met mijn zijn er aan maar om als"
    " ook wat hoe wanneer waarom waar heb heeft hebben kan wordt werd nog bij naar uit dan"
    " of dit geen u uw jullie wij ze hallo dank groet graag kunnen moet over door",
    "pl": "i w nie na się z że do to jest jak o co ale po za od mi moja moje mój czy już tylko"
    " dla mam jestem być był była może mogę proszę dziękuję dzień dobry dlaczego kiedy"
    " gdzie jeśli lub przez są tej ten tak mnie bardzo ze witam pozdrawiam jeszcze który"
    " która",
    "pt": "o a os as de do da dos das que e em um uma é não se por com para meu minha meus"
    " minhas no na nos nas ao à mais mas como quando onde porque está estão foi tem tenho"
    " posso quero olá obrigado obrigada bom dia você vocês eu ele ela isso este esta já"
    " ainda também sem sobre fazer pelo pela cartão muito",
    "ro": "și în de la cu nu este un o pe care să a am ai mi mea meu din ce pentru că sunt mai"
    " dar cum când unde bună ziua mulțumesc vă rog pot vreau dacă sau fost fi se al ale"
    " lui îmi fără până după si sa asta acest această",
    "sk": "a sa na je v že z do to s o i k za by ale ako som sme ste alebo už nie mi ma môj"
    " moja moje prosím dobrý deň ďakujem keď ktorý ktorá pre po od pri tak len bol bola"
    " bolo aby tiež ešte prečo mám máte nemôžem sú čo si môžem",
    "sl": "in je v na se da za od so ne to kako kaj sem z s o ali iz ki kot bi samo mi moj moja"
    " moje ni bil bila hvala prosim dober dan zakaj kdaj kje lahko imam še že če pri do"
    " biti po nisem ker smo ste tudi",
    "sv": "och i att det är en ett på till av för med som inte den har jag du vi kan min mitt"
    " mina vad hur när hej tack vänlig hälsning hälsningar men så också från kunde ska"
    " vill blev om eller vara varit mig dig varför var något mycket efter",
    "sw": "na ya wa kwa ni la katika za kuwa hii hiyo yangu si cha lakini au kama mimi wewe"
    " yeye sisi habari asante tafadhali jinsi gani wapi lini nini kwanini nina sina naweza"
    " siwezi bado hapo hivyo pia ili",
    "tl": "ang ng sa na ako ko mo ay mga at hindi po ba kung paano bakit kailan saan ano yung"
    " lang pa naman nang ito iyon kami kayo sila siya din rin salamat kasi pero may wala"
    " aking",
    "tr": "ve bir bu da de için ile ben benim çok ne nasıl neden ama gibi daha var yok olarak"
    " değil mi mı olan kadar sonra teşekkürler merhaba lütfen zaman nerede ancak veya ya"
    " her şey oldu hala bana beni sizin iyi kartım hesabım en o",
    "vi": "và của là không tôi có cho được với này một các trong đã để như những khi thì làm"
    " sao thế nào xin chào cảm ơn bạn tại vì chưa rồi còn hay từ đến vào ra bị nhưng mà",
}
"""Of each language, some fifty: articles, pronouns, what joins and asks, hello and thank you."""

SCRIPTS: Mapping[str, tuple[tuple[int, int], ...]] = {
    "kana": ((0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D)),
    "han": ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2FA1F)),
    "ko": ((0xAC00, 0xD7AF), (0x1100, 0x11FF), (0x3130, 0x318F)),
    "cyrillic": ((0x0400, 0x052F),),
    "arabic": ((0x0600, 0x06FF), (0x0750, 0x077F), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)),
    "el": ((0x0370, 0x03FF), (0x1F00, 0x1FFF)),
    "he": ((0x0590, 0x05FF),),
    "hi": ((0x0900, 0x097F),),
    "bn": ((0x0980, 0x09FF),),
    "pa": ((0x0A00, 0x0A7F),),
    "gu": ((0x0A80, 0x0AFF),),
    "ta": ((0x0B80, 0x0BFF),),
    "te": ((0x0C00, 0x0C7F),),
    "kn": ((0x0C80, 0x0CFF),),
    "ml": ((0x0D00, 0x0D7F),),
    "th": ((0x0E00, 0x0E7F),),
    "ka": ((0x10A0, 0x10FF), (0x1C90, 0x1CBF)),
    "hy": ((0x0530, 0x058F),),
}
"""Ranges of letters. A script that one language is mostly written in has that language's name."""

LETTERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cyrillic": (("uk", "іїєґ"), ("be", "ўўўўў"), ("sr", "ђћџљњј"), ("bg", "ъ"), ("ru", "ыэё")),
    "arabic": (("ur", "ٹڈڑںے"), ("fa", "پچژگیک"), ("ar", "ةىيك")),
}
"""Letters of their own, of languages that share a script; who has most of them is taken for it."""

OWN: Mapping[str, str] = {
    **dict.fromkeys("ąęłńśźż", "pl"), **dict.fromkeys("ěřů", "cs"), **dict.fromkeys("ľĺŕ", "sk"),
    **dict.fromkeys("őű", "hu"), **dict.fromkeys("ğış", "tr"), **dict.fromkeys("ășțţ", "ro"),
    **dict.fromkeys("ãõ", "pt"), **dict.fromkeys("ñ¿", "es"), "ß": "de", "œ": "fr", "ŀ": "ca",
    **dict.fromkeys("ėųį", "lt"), **dict.fromkeys("ģķļņ", "lv"),
    **dict.fromkeys("ươđạảấầẩậắằặẹẻẽếềểệỉịọỏốồổộớờởợụủứừửựỳỹ", "vi"),
}  # fmt: skip
"""Letters that, among languages in Latin script, one has and hardly another."""

NAMES: Mapping[str, str] = {
    "ar": "Arabic", "be": "Belarusian", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan",
    "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian",
    "hy": "Armenian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ka": "Georgian",
    "kn": "Kannada", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "ml": "Malayalam",
    "nb": "Norwegian", "nl": "Dutch", "pa": "Punjabi", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian",
    "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai",
    "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese",
    "zh": "Chinese",
}  # fmt: skip
"""What people call them."""
