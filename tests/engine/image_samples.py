"""Images that other programs made of harmless files, packed so that they are small."""

import base64
import lzma

_PACKED = {
    "iso-joliet-udf": (
        "T>t<81poj4|NsC0{{R4Q{r~@?xBo{zNELE9VNtk}DCVPv2l?*g9)i;^#X39zOR;{*ii%AyqYc@ArsIqw5mVq<7{zsp;&=B%@7)fLN1rO?4Rt"
        "}gL#;h57_<dF%V97W#z3!(B}RC&pJ%BZC|1|t(pux|HqOr~haqq@6&{DvZO@T1Nz=L7GWq}&yx;Bqb$ID*J6G5$6=wy0#q3T^$5T>XM!Ja-Y"
        "<*`LTtn0hTH;9;`*=?E*`E9gYNzfG1r@aj=a9?mN6TYCu1VkpvlX-9T-u<ktmMfELh#MC>#b1~6y88*y0lfocCVNb_zKW7%YAjwNcQM!<L@P"
        "kFq&0Zx3-z%eBQN7td-vkaq5aICad>uZ@xE<6{CG{0R^Y7X;5zUo9r#B@!g=Z^3p`|^P4;1Ls?oq_ms$NGK#mVJeA6}7sJyNrEh<$957><9-"
        ">Zb(FrX)stiFX4=Vx$C@gunM(BmV^5r`1C@7t0(L8qK+*E<t7;=e3slampOD}@)JJ@bafpB7vvS*|g;LwqvhlO*t1!H#TgO3L~o~{iiAd(ih"
        "@#}ZMfJ-vUZoH<;j^iy6E_}9ArJV_u`rpdYamt_3tnA9HI*pii#(ixlFPr$lV&qw3xSMon$iKD$43@YD9&q4EA4h{yCfAM^JhmRfTN}{y2~>"
        "u_sw<r&golgC2T(wy+RZ=Pgg{vc-Aur@{Mw%Vu!yAy9zx%%CM?a*<YxpQxg*zCOIg83uq*28ZEjux!iF2}p)rC)xqbYi>?&-!-0Rq#;I!m*J"
        "X$&Hn0?Cz6!sx6*btq>Z1jse+mQz^_gM0gj~)fOb+UYWxxsd2z;(s4;hcMH^Q+4BOimx$u&P^i(K=^kvE$3{7-eB;kuJL5IoZhxP<j4+f3*|"
        "Nk?`Qg3kFv;uhLxu1XZ=VM+?5XMVhK)u(n<2sj6eO1zck${Yf&0A9b)?|8bb^TocA8`V^<Sou);qBEW;HvEI8;84l~fnW4<T_YU=AF~89*Q9"
        "8fvqxY1<Jl;zfy{f}*lpK-6kK6;L<kU5awWT@`Y(%|y-+(@0QoVT@<j^)SS<U7$>?g}FIB>}S89CRczG5v^7PD~|{S^(6HjpQ+jP9sHFJNhb"
        "j@unGMc?5}CX2dCh<rx;P<1RY+rm&(ks_A{17FE-I~2e&H<+ar0j21p2`cQW|5_%iGNH-+@MQJs>4Rj!%CsRSqE~IG;z$6Fb^KzK+{TeP7@y"
        "K=GE;nfgZ3OmfKzQ+oNDV&EQrL1rSYdXss57vM5<wA*FknYRzb(h+WGSi+@EcrUkFy=*j!=>tk<Hp7U|VtGqcD*%de`-83e*2^df_T-FbC>@"
        "Uck{yAMcmF&2rxhe?wnT>zX!#r+ZKD3H}&<Mt1eo=~mI|K9&3_b0i_nmxklNI%XbGLY`4#y2Ny!AYI36}YjkO@J~)<DA7y%=s~WRXvKCoujl"
        "RFaEi_Q7FZMy{?x*3hA;PbBLEKmlU@G-k?EtbK{>@RmlQ;Dv*#&%Iy%=_b(z^>uu%1E!;_Q#tA62{)XRj25LUTn`^(+Kn&g4V^;{={^a#n=b"
        "-*aq&6K;h<m(-PBTmR3K;7mnm)Rcmtc1Mlfz#C8|faN98B3F$Wz2JXAkovb(;}<V3wI|o3H0hqstOL56oW7Rg<ObflrY<x}tg(?pG{f8@)4}"
        "ka}U06NLvk1${*8WBBgff9)?H9HF(%;(F-&y0NeJI#T3z05myV8nqFzgTGlue%9>WGG@r@-V5103UM)czwnIz7rrcUNOh5IvTRU3P)8e3{u%"
        "9avMU^@Wnh_u9E|1^+^&$8289{34;5pH#x5zjlqtit_J!ML-hIz7|D6%Ii;lHO1fZH%=sk_4uj;yq1y?@{t|EGw;)2ze;W3fP)7pFp%1Q)~B"
        "PJxybq=Y@Zel)KT}HgSS=Vtcsv|>Y?!Iq)TGA0L!*3zIb^RmrnKzfZFD5@CZK*P#ccGb@z}4aIp91*vg&L8r&jVF|vSp;w17Ykm57DdnVk<v"
        "_vg_fc=*>I^GBh@=9|IBDNw3qT_V4uh7J%RF(P4E+{hdju2uf<g+J(JBrK9KBegUOKKixN)w^^CCiq<s}&%b?#TSPR3--u@UvX7mL8*6Rorq"
        "_^G?|-^x(%YmheSc|4YM?Yyu@lN$n~SpEsGVH$6?c)C*T^1>`_SoV@BOogUJd8tsR4o6Hs6(x%7HxQC0S0}Uk&&1sB_&h4laY;kA>e^rJ@*i"
        "I*C&O49=;8GR({8;56(VPmzPW_blP^5^*K#?%324yy~3_9#>&N^0mbnT2q|C8S2X^D$bo|L4jn19HXYLTpZl<%-xx?{EXqXtSq{~cL_F)HIQ"
        "^{)ECEih7Fy=oy97WM2eviW)2;KYFhf!#=%CLzH0`y{R+2M&>ss{Y{zC(j6KCXV{O+LN>}2hSko3sN?z{Gqo7_&m%Gkc8`=~=U+!(E=@KL>`"
        "}9P-Vth^Xw|Oz}j>|wkxF*#eqPr1b9uAK9i%^@anq8YDDAhNlX#mD<NIeO&CO@zQ7+6Z~;)^<+h7{KrvQ4xoKX|ibe!q6&j?`?-q6np_WZla"
        "XNjgSKbh%3Pej5|6Psak6R}pE3J`EHnTDq=MPra-g%w}-HB}?gWdR(s`RC1)<2A?EWoXjtTSd|hw{3sLY`~QOaH;DmJd&7E{MEXnud3&w|=N"
        "H$JhkE{{7$Fnc>9t3w2LoWlO2paq7DXF~%?T5hL~+9Vu}@rZ&QA(LPMejeG()scY2!{y#<%k0Jv_3?8t*aLYXw<g^H_pYX}-(@iXO-`3M>_p"
        "+sgXWdFgVxuYQlNe|?q7xScHk!r?@8_~Y|3kMMT8p<;zq<K#}x!KqC_UI>tH&evcV1-VeA)D(fW#vr3;a7Jj@usX5-uy4QAIbU~o0>BIW5fG"
        "u%dIpIU`tIP-s9`@E+WTfaNx^QjX}t<ehbb(d;%Ny}oy#R3n)ZVj$J`G8TJlg)fh5ZH_G=)5w|=sj>SS>r_#F&<f~UF80Xqs}L=;hC9PomcM"
        "Y^aqZr>7Yug?)B=BaVPI=qA<=@MyvbR-ppytu_lB-R$U`ew~9f{Lo+ciO|oYfpnLqv^c|k!3#h#mb5Rx@9<+$f0<z9v%msGnwd@-Rd9lQy7u"
        "ca`e?s3Rz5OgbUikRJrl2k}AVg-=0iyh^SycN*Y`4kKi=_g8u?g*y*ulfOmqj4wxrebBz>sK*(&XZ_Wr<x0E1+5}=aa+2c;&&-T77*W`YBVK"
        "z~@HvFo?4GX&6@O=QMGuG>L6?&GAVYyC73y^rKc5pw{Gd;9kPW}6Mrn&"
    ),
    "iso-joliet": (
        "T>t<81poj4|NsC0{{R4Q{r~@?xBo{zNELE9VNtk}DCVPv2l?*g9)i;^#X39zOR;{*ii%AyqYc@ArsIqw5mVq<7{zsp;&=B%@7)fLN1rO?4Rt"
        "}gL#;h57_<dF%V97W#z3!)IpZ_YGWdb~1C5YxOhMBrZ;3x;O+9D*U<vIoJVGp2h0{l$a5}~$D6IhzoF7j9lEUj%2+PG?f7XIp%Fy_4j-84XF"
        "3gv|l>fuPOK!p+{l285BfYj3qScz7Cu2ftBH`PsqV)pdSZ60e=*HHx!dLr4RPt&r%A)%$@-$^;+1*j|7N~M&|NP$TPD{_%mW4XU4Y&k)&hBi"
        "p^5Rzhm;$h}>0lhft;UOiMdjVT{WZR;hfS&wGa0waPnlG;#`}FpG@OLK%^q<Z6;_XG8fH{e`R+33vHu=W$JHt8-CLqH&oDU8d{t{qX=Wdt;x"
        "f$h1B!zqEZrWcpAdd=Oj`n)VDHJjuXifh%+&W2>VZDo59blP_C6Jx{Zp2+)?*T&SmmmGL`I|cil4oa7<=i-fKL0OJUz)&P&F9BWK*;VIh6|%"
        "_G+#eGx@;Qqi%)-FaE2%V=o(_0_Q%@hY&>1NtRs8NHzo{@3zkDANdHg>9qj6vDzLy=%{Hs4W$ye5>Gb`y(q@jZU@HX8(f}OJy10N6Bl}0oUX"
        "nrA6jyg!e?v?_r3t#;L`!T)>g%)wfsVUTtd&t1$XpmwmBkl(BbHed)_13g+etL&)<r(a#*fhO?i>^TnpNL#T#Pnicv-vCh4#1|JWb3oln`1>"
        "zz=IQR#HWM`}*h75PTjD2|XTPXaQ`B7DLNgg{hF7<)tEy~Xj6AmIw6j$MxFf_y?_1FNJ|@hdXy>eLpF5xGdrK}wbF#y_LmjLzYv8aq2JBzsy"
        "8%a^aBLE4XFnY8;sMbF5-9o6HB`+@Fy4l)vAyJf{8gM#h?oSUZD|NSWZLK!2{{2T#78wA3!0cImCcvt_J>FW=cNk;+5iErW~zM4_l6s~sh8F"
        "o-BMX5bgxWR~>8J<L*;?m?s_EhkQbu2L3!cbI^B9{f%#7{cupa1Jb^8f"
    ),
    "squashfs-gzip": (
        "T>t<81poj4|NsC0{{S=`%4+gxrSa?~_DYwEs9(T)%aS}GgQ9D8|3ZYEtAJGISU&{tWhCT!rI6cBBSRRiu}#@^t3$UcGAeU15YZfW4&SC^#z+"
        "=voQafFq5!;8f>pk6LvUkW@Rg0%QNsEXgPrd|bar#WV*>#^>44S$m@&}hgk(~zu=8pWGfuku0AyIkQ>0U;rzMX8#BU8}b=utudd$_F)O3+kM"
        "%P>|Q838x_#i=eDG1>9^3$-7Gu(!m0;8h+(zLD$rbd0wq1me@ol+3uLCHkgWW#$gzWgFm9qt#S`^wVMn|;d?$t`b=73Wl4M^y<C`hG78;c;S"
        "=u4OjuC!I$HlaS1;G1!rhfiDY>3>iYIPS`D!vkG$|0s-t8w_c6@G{J@mEP(C@Z<ie>^9XO|!@KI(F((fYqx896=0#7L!@jUySi{-Eo^2OUPc"
        ";D80PUE^7q>QSmN4tCt!VI=OUl436|++|=&W>o)+58-?=Ay5XY}EMo>>y;LA%j@5MRH{s;<VbrRf&Awx)Lu$hit<qYYEDjZFRXtOJ;+3MpZR"
        "l-ut8uD{|W&Lwey^8NDt)Z4s_8A{g4&9v4qJ!MSw+qY<)ClpBos7gGMz&p>i2^uL!<4tbPmH98G#$Y7uz#xGYg*U?u!pBtqTMHQt)TD8nE5{"
        "wAN*f!OEses~_uH#YM-veyWfCipocWfs4l-8~w9v}hUH^5HRtUMTxHeLma|)9-02H$<gihx10!M;XF1uk?<|FoJ+QxIuR*V1tq*K-a"
    ),
    "squashfs-lzma": (
        "T>t<81poj4|NsC0{{S=`%4+gxrSa?~_DYwEs9)5<lP8wYBAnrMnnzj^NJ|@G1;lMyOOc>FLqfMJzK=-FnF{icCs8u}1Rg%1wUl8zZFZ$V8Jy"
        "M5eLK=HCjty*EA_=)0ab=|yMJ~bq$njoV^9}k{|Dx?Jd|p8R(Yn}7go#3K>IX0UELzU_pJ_piVztAmIa*#P&B!{M8{Xp_X6uhSFUOay)+YsT"
        "LB*O5LTyAZ1P*V(f-}82~qWHy$zv-Xu_NSw@UW)EAm^00VJFSAVhdb{Ey-bX8b7&+rmT}lRUac+c^#|47xWNw;wUZA93YX)bU>ADbz$Ud;vQ"
        "ag)u;;wYX9ve4Z4VDF*YMFO!C;ufco;Ft(FCBmYRas(s|GC=n~+R6QYTrk6e>=nPED><?rX8xa8OVFJp~g0g^woAl~j4d|$j+?31>>qtUC#$"
        "VQDQ24H7YtGc5w45$E^4(>gC$wr|PZi8N0Eh!#F#`HOo{BGG^#1E#TXB*t+O`}63a#$IuOpe)cd66c4&P6^HfTQV24e=ZHyZPc%}WAlt5^k!"
        "B2~C1Bet_3o!<}&l$MVU_fQa!s84qjX;VG@*x)>x%FHgk*VH+5WDjRhh=ifUirAv<%3J=|@QONRi_9r=Fa<1+>5)%taQJJdFO1oE%Z?Y(UMs"
        "rZCn1mY@XykSEU1_b*3PJ7syoq?$$olJQf+A;Bozy9FT*ka<2UNJbTgGWD^|-Wz3Go9VX4=F0FCyt5Ej7OOFruqy)!+9l5`p%%ZDU1PKZ3ye"
        "r3?SMO3{AN?Q1tg=6lJXt+(O64r-5%?=pnRQl5zsZ_!Jrfax>?58B)u*A0BEjKC-Z*#*f#QAnd3W`*fy<echb>UwwO4K%^Mb72;3&X(~`cAg"
        "abX*7tm2A5+K0`8VRV`#uN!f2>yDf+@wBt+sF7v1&Kp>lboBKT(4td&!w}tzSXPCzWYus&pt7hn!Y=>wDDg;Z#c=(8^&aPGJolxXOU^xR9cv"
        "Kb!KGq*737D0C0M=~=j?w8!jqiWmS0W$#koE8"
    ),
    "squashfs-xz": (
        "T>t<81poj4|NsC0{{S=`%4+gxrSa?~_DYwEs9)5<;Y0$!T#~t1Q`mzrP(GS>Sf;d=j0pv=xCP+6cERI{Q7O{k_l>XM+-cRhr9G`YmL-3N%hm"
        "|E&WD?5C6|xp!%|@NYy)crbwCR0n}*mcg7c~N6tX3)E_9b$@P>AMYRmVM&}TnX@`3A13yNCm(b>XB=+Bcfi-01WAP~fBrQ!?p>!J}z$GCKtT"
        "h5_Ay5_XWO`Pn2HjX&;A<Wz!QfXs38ZgV{>0ZKivc3y)SsMitl4r8}bPv%vb+q=hs>C<E7g|Vzh#r4vYF|%EfAU_FEV9|J-&lP3YnyFcA=jK"
        "q>;ypP@?hgku4K$#l(=lCzB!r@)Au?dm7O`#bTZc*27%@8HF)m8Jlg$3?y}uoYraqeZ8FX{G8ys1%X(F8*=FT<@2@b7+&+)2(xUDk^R6F30Y"
        "4fIt{7?b@^)r@>w*RDmzuKHR$98;c6>XvSf{fhwJ?XLAs?v~HW0E8Z*yHiF>^<4g7^X+ZN<_KkRcHHb-i`+foI23S7a#ltn!#Me#G>NGAQxW"
        "uX2Pa6iFy+Sqi24NHis?G2tf3T}@lK|D$vLt%T4exwhS>QRVr0Y7NM3@%HaJFVP;%MC%n+&|vLGIVbtAj=;Pn6OchmV$kLFYde^r5NxvJAYI"
        "%R|CTe9+bCa@Ej>fii{j!y3FLvG0gS$o_CA6eI33#sA+2E;czIa{M|)A(P01U{vM|xY9OauEy6K9XmPMu(SXyyrQG$Ak$iV<(TiiDqcnd+=o"
        "!63D+T4RN$*Oh$Vem6k{9%5$wKyVW!n(OQO>bN!ryEXjD^p#h(N8~L4Fg^VL!KDt71_y}Ts2|lg)IcVmcVq}ioB73v|yyYlOFBmyihavYvVU"
        "Bnwc8K(VG7{N;8dF%_0uL&Yc3q84;bck8oGyL#7wdR6o1$(v6=J1cFzhzqA?%9v6EBbr$PAp}k{Eb=#ALY6?$w>w(Ne*-vCDk#a5+)0EOVt^"
        "(J+yb{VeUOhZ-<9R~y#aJZTH}Q7Nqh!y#S%Foj%Y7?M^pc(csNU8z(ix^6tqr3F%~f;y2NWb41GVC@v4=LZZ<eWS5Q|`*+xQ{YN!_HWJ#_cB"
        "Z=o*5u6CDHShpDb!+ok6L<atYo_l7SWs{Kk$FQHFFd@5Rz~dJ`{0Y2?"
    ),
    "squashfs-lz4": (
        "T>t<81poj4|NsC0{{S=`%4+gxrSa?~_DYwEs9)5=2PE3SS&zn~Mk%m~^o_HdWOGMXq4%W=w?V<9J%CCDcYRl=<l)mtuw5j@SOS&aG%g4pz?s"
        "bfFJsxtgLYuhvfX0I9_529s7%4&*%R2Z4n$%m$J!9r9U}eQpgCuNZ=0fEUoZAf4x(;Z9+ui^9|9mDZX7UGmr=7Z%}=?39}p~{sW^xCj)xnvg"
        "zlNNhEm;P(ETq8$azqFN}Pa&ad@46P1QO;Q_O{P>i#^q8&}no9<D}n9Rxo?yrgl*9E_X5;o66QX^c?+8~8au{z`*OGRQMm%X^oGWGAh6sT*2"
        ")@>C(8Gg`>YU#Jf7Ks1*7nvT?Pz65&<7`YVeg3GcYXfXY-@E~@=p5zVGvdXn^$Mr2<b&%{4oGKfX4NAivtQo?%N6=;5<zI9`$)8r)%rrA*!F"
        "F1G5?&&W;Y4H2gf|&fd}Y1XVRHNvVLXM7*qIh*7nz?QqtwaSFx;OF&d^1<5me~2He7iRAa^O)Da&Th?~Wt!VGMsPi@3dyAd+n$1v#r+t(`uW"
        "z_4&hpY>ZoWcp2Lvo6hGKBp$xgaU}k0i4i{OFwH2@y-7T<NbOjGL1<{bBGyI&Ix8_@opX@ji~&mxeM3Gg-!qMaUo*"
    ),
    "squashfs-zstd": (
        "T>t<81poj4|NsC0{{S=`%4+gxrSa?~_DYwEs9)5=Ed{c`T#~t0B@xk){aZ?C)HNq&sA^QLrpygsW-O*Rkht$tV2={aVYv<~bMB=PHRWE-;pq"
        "U+NAh3b!H|LAiE(NW`{%^{#`}I@9LaA|)V`}l@;6J6C))<|@TRGNr)e)r`PP2XgrY!0^=0Kn6}K6y&jWfWzPn3e$o-L4BgLPYz!gXia4d<M#"
        "MQDk7)}%VIjSiyK4KTM-$5!_e><OV+D+;o8rrVFlH}5}vF2>VC7!p9njyT~R97<C$$0_sfWRyf3ICV*QBGAAHq0^ftJ%ZZ4TU4Xm#k89#t*L"
        "up2^GHc}xg?Asu2vh_@F~s>S20#Orcepd#Ffct@^k&S3i%3yCSd8>Js>j-ew<)WH*F3f#P`|BQGF=a5KRSq+6(=oUX6@89o!t%QYuo+{8x%o"
        "7hRI}nw0mLo6pdrGVCLnWsm9IXhcll_>n`4F%Wy|rFZ=)Tl{Wsy!P&)+|6tTB|6{aZVt>)-yWyG5i=G;x*I58hq5Q`6c}*EJh$m)}pwx-KyC"
        ">-EwJ{Ve|Gu}gH^X|CeP6?)O<1VuMC9KBkAb7Y0wmm=enjXYBZ30j=Y@OYd2?z{h#w{hJEC3k*{(+jCUGPv`jsuGHKW|xKK8Y==@gm+Vcw+W"
        "K@JBaH"
    ),
    "hfs-plus": (
        "T>t<81poj4|NsC0{{R4Q{r~@?w|{(Cnz(bcAaMI}Sz7^Vvs$>006xys_I5PXvjav&Sa8<h(=9DUjxI6G7n)bW4vLdGA$L5WaqdCNM0L-hW}J"
        "#E9>%wA5=IU@yQ}3i60%``?-Ke4%f%=#4>3{o@%)V^-bYuAnn^veTRUEvCOl6UZ;XkY6dT&$u#m!VMI9}JJeN{Tt!pd~5X7)y6=#P{T8DqUX"
        "X&jba{R|UMuJ~P(sh1PBvTR)tCM2Joo~reAUXv6na?j+xe+4dLiw_4fn062D(P;TSjqI*=#*XTXtT0Y?v@;p6i|xl8_PW86hgnEXVfBHxq8F"
        "k*BBF9!dTes&Wc~G1k7s#?)?SLRDV4M7pPN^kv9(j!>ESs_BcjAOX{vjN@2&-B<9kw1jEHL+G=phCS*peznF=8HdCBJY&g;o(5lh_eL%FM+^"
        "7E3Ik&(`1Sw;PuA*Y2CYcdT-B`7u-_C_AL@HOtA0{tbP{$0dxGCid%mY@G!O>zug>muVP{FSo>|gPrxe%_t-fN;c<%%#JO|hBf|5pJVw_xn}"
        "w<98mN5dAj2tsm#WIR~GK>o@UR9|W<0M*2XqNC}7Dh^nSj5@~O`+FQJ&=4ehvpT<Ezq#jM6P4#5n4rcw2Jl93bR+oB45OPUM2D0Dnz9`)SGk"
        "Psvzdi+9wfplND-Qzyu;odrJu70ex|g@*7VH{GpCfkC@S3R;Ebs9RN<<cB3SQ)7@P3IGc|TwAHtS#?S&W^mPC+5Fu{y6q4<Sc?Mw9t+{SuPU"
        ")Y-X5anrtbpWVP(W}&Q=(s{<n3+Me2Fw$Fg69=Z=ThR5238rKM4sZ(<VN;X@Q3V36wBP^vR2=zP6s3}EPduzoJZ`NWF#@7e16a+Yz>cK(t~M"
        "Pq)Z=2|NcQaGMr9SL1Cqe=iB*iG@>L9Gn1E_d0IX?A>WlX!q*g-S00vwBw~5&kAAO!%PMT&wL9>{y)Iv>4?as~LXZ;<{}7Y-ad=tu4FNHV4D"
        "J6w3Vi?"
    ),
    "xar": (
        "T>t<81poj4|NsC0{{TD~N~SdHedmF=HV&m<2gc}gLH2>7nVYQ((>zjgOb(rMRd258Y9K<BA09`pFCxmkLCL`KwcdXEH{NAZF2@Q?2o;i6%z|"
        "vaYXbs3v{ffd;EZNpcl67qL1=UNNnvJ+2SU7!{ZoI}s;^VMW*?X0ZIpuF3XL31J8%IjZ2wy+Qw`|@2eY~wGd8tTI04>Q37B;gPfrXY{No~mp"
        "p69_(4Po^uV6h70oPjf<cy)&ou?i9f7fX(aj}?WVCkx|`eE{Uyu*N6P+zm+ztUmMzk}8Ypd-eh^d>oGtppv0spWC2jh5}&@9%|-HZY*6iXbN"
        "2$S%BFcHqH`0u-Dtp?RI~h-aT&?3V_Ig<ARFRHDd@tWhQ~0=+^ZpPt2)%c=u^>?M_VRFt`_#ZR$>oReo7hbgI7DUC0$LIhi=1jD(>umgU4iJ"
        "kQEQ;su!I3M?(EWqi7f}w)-eXi+~<y80_h`Th@{L^|VSCv|GfGG~3<dZ$w$K`#oyCxK{^A>gUfu%K=T<KFgINQz$EtDZ!ttcY_u&0G4xKBRm"
        "DCBj|Iw{3h;k$Cs2lF-qjW>%!G;d(T{CH1K$PCyDefo)1WI9Ahj#d}V8_dywX&`5elA2r3nwFyX>f#yt^0q<`2rWWz0d!*T+Ap};o*__Q2xS"
        "j)b`|qXEdl^OCimfm^~>CeZ8|odg!{BG(@P%R7H{bGYMAgK1C0%80FJcr@ANMi3z0tp{=qA*Y$4e?I`xGc2bRdkJzTt9AT&T`KNxgcds^+2@"
        "#DIdDItY+-&&HM!3l|7)i9nSX!bpD7wI+tkh-wW1hJVDv+OFVA`R$jS<PBAIgK}oMXbgc<gKxf{1d&l>5ShL>YmH(!j+Li${z`74FAH2AXYJ"
        "RiuV|6W>Eh*XQ%fI3>G+66!?x-4Tt(xeG9R^?UyQM7f?T9BF}O9x<N-{*R<5m)1i&Fj4Ej%(&B7Le2eD}Q?RkqfBiE1K||-7QRciYwo-!O7j"
        "GxndR1!G9_q-Og0I>Z5xgq>pW8fyMVgg^0=eshy6<NZ`|tq^&^KxwiiQ`3+S&h~gD?)i3<K!?Dkx18&F|uJ%`cI&8lrzX4gwmt6uh=|ei|Hm"
        "a(uCqL~Rnkvn_FwgPg#dj`N@}kO-{#b1@nA`_wZbe^^vQDBOB!p}?7@u7ih%HJqX(y%}R&SPf=8pbO)CIRv&8yUDM>_o6Cj7%+u`aIJwFC-g"
        "t9*jD_Ngh+jyXqyE3<BjXK7c4t*^{o$uEe~DH>75Wc{q6&uxlbvW91o?f<Ff&pF%SFa7SqbC9L9hSy`Ij3v{rKA{)vq8ov)bz*;|hx)n(M0I"
        "R60MR3#<B2?nit;5YeZ6GE9!STw@;PK)xHHQ}P&yE2d<|F>X91*FgR_&+2W`al3!0B3+#Xw#_vdR@W{i6g#?o5@z%jJ$=}R{i|>I#eDM1mXu"
        "*;#;-x$qPiR)f&RaE6J2@09@IUQ7fF8c`^Dog}ui)g7a@&7G%Wwf2xn#5DWa%aiE~Arm@)Y`;^w(7%m4t|Nn(R6aW"
    ),
}


def sample(name: str) -> bytes:
    """Return an image by its name."""
    return lzma.decompress(base64.b85decode(_PACKED[name]))
